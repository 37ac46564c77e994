#!/usr/bin/env node
// The program. The only place that prints errors: one line each, and the exit code says whose they are.

import { writeFileSync } from 'node:fs';
import * as modules from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, RunError, UsageError } from '../errors.ts';
import { fileSystemError } from '../train/files.ts';
import { runCommand } from './commands.ts';

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

// What was compiled is kept for the next start, from Node 22.8 on: TensorFlow.js alone takes half a second otherwise.
(modules as { enableCompileCache?: () => unknown }).enableCompileCache?.();

await runCommand(process.argv.slice(2)).catch(fail);
