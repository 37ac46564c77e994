/** A terminal signals every process of a command, and npm and tsx pass it on: one Ctrl-C may arrive as several. */
const ECHO_MS = 1000;

const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export interface Interrupt {
  readonly signal: AbortSignal;
  /** 130 or 143 once interrupted. */
  readonly exitCode: number;
  /** Gives Ctrl-C its usual meaning back. */
  release(): void;
}

/** Turns the first Ctrl-C (or SIGTERM) into an aborted signal; the second ends the process at once. */
export function listenForInterrupt(say: (line: string) => void): Interrupt {
  const controller = new AbortController();
  let exitCode = 0;
  let heardAt = 0;
  const listener = (name: NodeJS.Signals) => {
    const code = CODES[name as keyof typeof CODES];
    if (controller.signal.aborted) {
      if (performance.now() - heardAt > ECHO_MS) process.exit(code);
      return;
    }
    heardAt = performance.now();
    exitCode = code;
    say('Stopping after this batch, to save where it stands. Once more ends it at once.');
    controller.abort();
  };
  const names = Object.keys(CODES) as (keyof typeof CODES)[];
  for (const name of names) process.on(name, listener);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    release() {
      for (const name of names) process.off(name, listener);
    },
  };
}
