// Reads thousands of damaged files of every format: npm run fuzz -- [--count 10000] [--seed 1] [--format dicom] [--index 7]
//
// One process a format, so that a crash or a hang is seen from outside: a file may take `patience` seconds, a process
// `mostMemory` MiB. Prints a line a format, and fails with the files that were not refused as they should be.

import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createFormats } from './formats.ts';
import { type Case, runCase } from './fuzz.ts';

const patience = 20;
const startPatience = 120;
const mostMemory = 1536;

interface Progress {
  readonly index: number;
  readonly problem?: string | undefined;
  readonly refused: boolean;
  /** The largest resident set so far, in MiB. */
  readonly memory: number;
}

async function workOff(format: string, seed: number, from: number, to: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'medrobust-fuzz-'));
  const formats = await createFormats(folder);
  for (let index = from; index < to; index++) {
    process.send?.({ index, refused: false, memory: 0 });
    const result = await runCase(formats, folder, { format, seed, index });
    process.send?.({ index, ...result, memory: process.resourceUsage().maxRSS / 1024 });
  }
  await rm(folder, { recursive: true, force: true });
  process.disconnect?.();
}

/** Runs the cases of a format in a process of its own. */
function watch(format: string, seed: number, from: number, to: number): Promise<string[]> {
  const problems: string[] = [];
  const args = [
    '--worker',
    '--format',
    format,
    '--seed',
    String(seed),
    '--index',
    String(from),
    '--count',
    String(to),
  ];
  const child = fork(fileURLToPath(import.meta.url), args, { execArgv: ['--import', 'tsx'] });
  let [last, refused, memory] = [from, 0, 0];
  const named = ({ index }: Pick<Case, 'index'>, what: string) =>
    problems.push(`--format ${format} --seed ${seed} --index ${index}: ${what}`);
  return new Promise((resolve) => {
    let timer = setTimeout(() => {}, 0);
    const wait = (seconds: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        named({ index: last }, `took more than ${seconds} s`);
        child.kill('SIGKILL');
      }, seconds * 1000);
    };
    child.on('message', (message: Progress) => {
      last = message.index;
      if (message.problem) named(message, message.problem);
      refused += message.refused ? 1 : 0;
      memory = Math.max(memory, message.memory);
      wait(patience);
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (code !== 0 && signal !== 'SIGKILL') named({ index: last }, `ended the process (${signal ?? code})`);
      if (memory > mostMemory) named({ index: last }, `${memory.toFixed(0)} MiB, more than ${mostMemory}`);
      const read = last - from + 1 - refused;
      console.log(
        `${format.padEnd(12)}${refused} refused, ${read} read, ${problems.length} problems, ${memory.toFixed(0)} MiB at most`,
      );
      resolve(problems);
    });
    wait(startPatience);
  });
}

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    format: { type: 'string' },
    index: { type: 'string' },
    worker: { type: 'boolean', default: false },
  },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
if (values.worker) await workOff(values.format as string, seed, Number(values.index), count);
else {
  const images = ['nifti', 'dicom', 'npy', 'npz', 'csv', 'png', 'jpeg', 'tiff', 'pictures'];
  const names = [...images, 'checkpoint', 'records', 'run', 'safetensors'];
  const chosen = values.format ? [values.format] : names;
  const each = Math.ceil(count / chosen.length);
  const from = Number(values.index ?? 0);
  const problems: string[] = [];
  for (const format of chosen)
    problems.push(...(await watch(format, seed, from, values.index ? from + 1 : each)));
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
