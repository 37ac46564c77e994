/**
 * Training steps, input gradients and inference beside PyTorch's: same net, size, batch, threads; each side in
 * its own process, in turn.
 *
 *   npm run bench                                      all cases, all passes
 *   npm run bench -- --case unet-128 --pass train      one of bench/cases.json; train, inputGradient or inference
 *   npm run bench -- --json                            one JSON object a line
 *   npm run bench -- --write                           and write docs/benchmarks.md
 *
 * PyTorch is looked for in $MEDROBUST_PYTHON, else python3; without it only our side is timed. Of PyTorch's
 * two memory formats the faster counts. A ratio is PyTorch's time divided by ours: above 1 we are faster.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { BenchmarkCase, Pass } from './step.ts';

interface Ours {
  readonly engine: string;
  readonly milliseconds: number;
  readonly peakMegabytes: number;
  readonly parameters: number;
}

interface Theirs {
  readonly version: string;
  readonly milliseconds: Record<string, number>;
  readonly peakMegabytes: number;
  readonly parameters: number;
}

/** One line of `--json`. Times in milliseconds, memory in MB. */
interface Row {
  readonly name: string;
  readonly precision: 'f32';
  readonly oursMs: number;
  readonly oursPeakMb: number;
  readonly referenceMs?: number;
  readonly referencePeakMb?: number;
  readonly ratio?: number;
  /** The smallest and the largest ratio of the rounds. */
  readonly spread?: readonly [number, number];
}

const passes: readonly Pass[] = ['train', 'inputGradient', 'inference'];
const { values } = parseArgs({
  options: {
    case: { type: 'string' },
    pass: { type: 'string' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const file = (path: string) => new URL(path, import.meta.url).pathname;
const python = process.env.MEDROBUST_PYTHON ?? 'python3';
const rounds = Number(values.rounds);
const cases = JSON.parse(readFileSync(file('cases.json'), 'utf8')) as BenchmarkCase[];

function chosen<T>(what: string, all: readonly T[], nameOf: (one: T) => string, name?: string): readonly T[] {
  const found = all.filter((one) => name === undefined || nameOf(one) === name);
  if (found.length > 0) return found;
  console.error(`There is no ${what} "${name}". Choose one of: ${all.map(nameOf).join(', ')}.`);
  process.exit(2);
}

function runJson<T>(command: string, args: string[]): T {
  const lines = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
    .trim()
    .split('\n');
  return JSON.parse(lines.at(-1) as string) as T;
}

function torchPresent(): boolean {
  try {
    execFileSync(python, ['-c', 'import torch'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const median = (numbers: readonly number[]) =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number;

let engine = '';
let version = '';

function measure(benchmark: BenchmarkCase, pass: Pass, withTorch: boolean): Row {
  const options = [JSON.stringify(benchmark), pass, values.seconds, values.threads];
  const ours: Ours[] = [];
  const theirs: Theirs[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(runJson<Ours>(process.execPath, ['--import', 'tsx', file('step.ts'), ...options]));
    if (withTorch) theirs.push(runJson<Theirs>(python, ['-B', file('peers/torch_step.py'), ...options]));
  }
  engine = ours[0]?.engine ?? '';
  version = theirs[0]?.version ?? '';
  const row: Row = {
    name: `${benchmark.name} ${pass}`,
    precision: 'f32',
    oursMs: median(ours.map(({ milliseconds }) => milliseconds)),
    oursPeakMb: Math.max(...ours.map(({ peakMegabytes }) => peakMegabytes)),
  };
  if (!withTorch) return row;
  if (theirs[0]?.parameters !== ours[0]?.parameters) {
    const counts = `we train ${ours[0]?.parameters} parameters, PyTorch ${theirs[0]?.parameters}`;
    throw new Error(`${benchmark.name}: ${counts}.`);
  }
  const times = theirs.map(({ milliseconds }) => Math.min(...Object.values(milliseconds)));
  const ratios = times.map((time, round) => time / (ours[round] as Ours).milliseconds);
  const referenceMs = median(times);
  return {
    ...row,
    referenceMs,
    referencePeakMb: Math.max(...theirs.map(({ peakMegabytes }) => peakMegabytes)),
    ratio: referenceMs / row.oursMs,
    spread: [Math.min(...ratios), Math.max(...ratios)],
  };
}

function cellsOf(row: Row): string[] {
  const cells = [row.name, `${row.oursMs.toFixed(1)} ms`, `${row.oursPeakMb.toFixed(0)} MB`];
  if (row.referenceMs === undefined) return cells;
  const [low = 0, high = 0] = row.spread ?? [];
  return [
    ...cells,
    `${row.referenceMs.toFixed(1)} ms`,
    `${row.referencePeakMb?.toFixed(0)} MB`,
    `${row.ratio?.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`,
  ];
}

const withTorch = torchPresent();
if (!withTorch) console.error(`PyTorch cannot be imported by ${python}: timing our side only.`);
const rows: Row[] = [];
for (const benchmark of chosen('case', cases, ({ name }) => name, values.case)) {
  for (const pass of chosen('pass', passes, (name) => name, values.pass)) {
    const row = measure(benchmark, pass, withTorch);
    rows.push(row);
    console.log(values.json ? JSON.stringify(row) : cellsOf(row).join('   '));
  }
}

if (values.write) {
  const columns = ['case', 'ours', 'peak memory'].concat(
    withTorch ? [`PyTorch ${version}`, 'peak memory', 'PyTorch / ours'] : [],
  );
  const lines = [columns, columns.map(() => '---'), ...rows.map(cellsOf)];
  const table = lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const text = `# Benchmarks

Written by \`npm run bench -- --write --rounds ${rounds} --seconds ${values.seconds}\`. Medians in float32, both sides in
turn on the same machine: ${cpus()[0]?.model.trim()}, ${values.threads} threads, engine ${engine}, Node ${process.version}.
Nets, sizes and batches stand in \`bench/cases.json\`. \`train\` is a whole step with Adam; \`inputGradient\` what an attack
needs of a step, with the weights fixed; \`inference\` the logits alone. Of PyTorch's two memory formats (contiguous,
channels last) the faster counts. A ratio above 1 means that ours is faster; in brackets the least and the greatest of
the rounds. Peak memory is that of the whole process.

${table}
`;
  writeFileSync(file('../docs/benchmarks.md'), text);
}
