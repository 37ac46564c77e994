import pino from 'pino';

/**
 * The log of a run: JSON lines into `path`, each on its way to the disk before the call returns.
 *
 * Warnings and worse also go to `warn`, as plain text, for a person at a terminal.
 */
export function openLog(path: string, warn?: (message: string) => void): pino.Logger {
  const file: pino.StreamEntry = {
    level: 'debug',
    stream: pino.destination({ dest: path, sync: true, append: true }),
  };
  const terminal = { write: (line: string) => warn?.((JSON.parse(line) as { msg: string }).msg) };
  return pino({ level: 'info', base: null }, pino.multistream([file, { level: 'warn', stream: terminal }]));
}
