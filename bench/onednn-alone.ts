// oneDNN without an engine around it: what convolutions could take at best.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Work } from './kernel-calls.ts';
import { here, type Settings } from './processes.ts';

const passes: Readonly<Record<string, string>> = {
  convolution: 'forward',
  convolutionInput: 'input',
  convolutionFilter: 'filter',
};

/** As the program reads it; undefined for what is no convolution. */
function lineOf({ operation, x, filter, output, strides, dilations, padding }: Work): string | undefined {
  const pass = passes[operation];
  if (!pass || !filter || !output || !strides || !dilations || !padding) return undefined;
  const [height, width, , outputs] = filter;
  const numbers = [...x, height, width, outputs, output[1], output[2], ...strides, ...dilations, ...padding];
  return [pass, ...numbers].join(' ');
}

/** The program, compiled once for a run of benchmarks; undefined without compiler or oneDNN. */
function compile(folder: string): string | undefined {
  const program = join(folder, 'onednn_convolutions');
  if (existsSync(program)) return program;
  const root = process.env.DNNL_ROOT;
  const options = root ? [`-I${root}/include`, `-L${root}/lib`, `-Wl,-rpath,${root}/lib`] : [];
  const source = here('peers/onednn_convolutions.cc');
  const args = ['-std=c++17', '-O2', source, ...options, '-ldnnl', '-o', program];
  const { status } = spawnSync(process.env.CXX ?? 'c++', args, { stdio: 'ignore' });
  return status === 0 ? program : undefined;
}

/** Milliseconds of each convolution of `work`, with undefined for other work; undefined where oneDNN is not at hand. */
export function timeOneDnn(
  work: readonly Work[],
  seconds: number,
  { folder, threads }: Settings,
): (number | undefined)[] | undefined {
  const program = compile(folder);
  if (!program) return undefined;
  const lines = work.map(lineOf);
  const { status, stdout } = spawnSync(program, [String(seconds)], {
    encoding: 'utf8',
    input: lines.flatMap((line) => (line ? [`${line}\n`] : [])).join(''),
    env: { ...process.env, OMP_NUM_THREADS: String(threads) },
  });
  if (status !== 0) return undefined;
  const [, ...times] = stdout.trim().split('\n').map(Number);
  // "none" is no number.
  return lines.map((line) => {
    const time = line ? times.shift() : undefined;
    return time !== undefined && Number.isFinite(time) ? time : undefined;
  });
}
