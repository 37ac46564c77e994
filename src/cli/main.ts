#!/usr/bin/env node
// The command line. The only place that prints errors: one line each, and the exit code says whose they are.

import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import yargs from 'yargs';
import { messageOf, RunError, UsageError } from '../errors.ts';
import { fileSystemError } from '../train/files.ts';
import { doctorCommand } from './doctor.ts';
import { evaluateCommand } from './evaluate.ts';
import { listCommand } from './list.ts';
import { trainCommand } from './train.ts';

async function main(words: readonly string[]): Promise<void> {
  await yargs(words as string[])
    .scriptName('medrobust')
    .usage(
      '$0 <command>\n\nTrains medical-imaging nets from scratch and measures their robustness every epoch.',
    )
    .command(trainCommand)
    .command(evaluateCommand)
    .command(listCommand)
    .command(doctorCommand)
    .example('$0 train demo', 'train on made-up images: data, curves and checkpoints in a minute or two')
    .example('$0 list nets', 'what an experiment can choose from')
    .demandCommand(1, 'Expected a command: train, evaluate, list or doctor.')
    .recommendCommands()
    .strict()
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .exitProcess(false)
    .fail((message, error, { help }) => {
      void help;
      throw error ?? new UsageError(message);
    })
    .parseAsync();
}

function explain(error: unknown): { line: string; code: number } {
  if (error instanceof UsageError) return { line: error.message, code: 2 };
  if (error instanceof RunError) return { line: error.message, code: 1 };
  const file = fileSystemError(error);
  if (file) return { line: file, code: 1 };
  const log = join(tmpdir(), `medrobust-${process.pid}.log`);
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  try {
    writeFileSync(log, `${stack}\n`);
  } catch {
    return { line: messageOf(error), code: 1 };
  }
  return { line: `${messageOf(error)} (the stack is in ${log})`, code: 1 };
}

function fail(error: unknown): void {
  const { line, code } = explain(error);
  const clear = process.stderr.isTTY ? '\r\x1b[K' : '';
  process.stderr.write(`${clear}medrobust: ${line.replace(/\s*\n\s*/g, ' ')}\n`);
  process.exitCode = code;
}

// `medrobust list nets | head` closes the pipe early, and that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
process.on('uncaughtException', (error) => {
  fail(error);
  process.exit();
});

await main(process.argv.slice(2)).catch(fail);
