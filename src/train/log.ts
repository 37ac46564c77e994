import pino from 'pino';

/** Disposed of, it closes its file. */
export type Log = pino.Logger & Disposable;

/**
 * The log of a run: JSON lines into `path`, each on its way to the disk before the call returns.
 *
 * Warnings also go to `warn`, as plain text, for a person at a terminal; errors reach that person by themselves.
 */
export function openLog(path: string, warn?: (message: string) => void): Log {
  const destination = pino.destination({ dest: path, sync: true, append: true });
  const file: pino.StreamEntry = { level: 'debug', stream: destination };
  const terminal = {
    write(line: string) {
      const { level, msg } = JSON.parse(line) as { level: number; msg: string };
      if (level === pino.levels.values.warn) warn?.(msg);
    },
  };
  const logger = pino(
    { level: 'info', base: null },
    pino.multistream([file, { level: 'warn', stream: terminal }]),
  );
  return Object.assign(logger, { [Symbol.dispose]: () => destination.destroy() });
}
