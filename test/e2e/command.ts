// Runs the command line as a user does: in a process of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** The experiment file that the tests train. */
export const tinyFile = fileURLToPath(new URL('tiny.ts', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `medrobust` with these words; `onOutput` sees all of standard output so far. After `milliseconds` it is killed. */
export function medrobust(
  words: readonly string[],
  onOutput?: (stdout: string, child: ChildProcess) => void,
  milliseconds?: number,
): Promise<Finished> {
  const limit = milliseconds === undefined ? {} : { timeout: milliseconds, killSignal: 'SIGKILL' as const };
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...words], limit);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    onOutput?.(stdout, child);
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
