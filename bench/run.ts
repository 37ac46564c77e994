/**
 * Training steps beside PyTorch's: same net, size, batch, optimizer, threads; each side in its own process, in turn.
 *
 *   npm run bench                              all cases
 *   npm run bench -- --case unet-128           one of bench/cases.json
 *   npm run bench -- --write                   and write docs/benchmarks.md
 *
 * PyTorch is looked for in $MEDROBUST_PYTHON, else python3; without it only our side is timed. Of PyTorch's
 * two memory layouts the faster counts.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { BenchmarkCase } from './step.ts';

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

const { values } = parseArgs({
  options: {
    case: { type: 'string' },
    seconds: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: String(availableParallelism()) },
    write: { type: 'boolean', default: false },
  },
});

const file = (path: string) => new URL(path, import.meta.url).pathname;
const python = process.env.MEDROBUST_PYTHON ?? 'python3';
const all = JSON.parse(readFileSync(file('cases.json'), 'utf8')) as BenchmarkCase[];
const cases = all.filter(({ name }) => !values.case || name === values.case);
if (cases.length === 0) {
  console.error(`There is no case "${values.case}". Cases: ${all.map(({ name }) => name).join(', ')}.`);
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

const middle = (numbers: number[]) => numbers.sort((a, b) => a - b)[numbers.length >> 1] as number;

const withTorch = torchPresent();
if (!withTorch) console.log(`PyTorch cannot be imported by ${python}: timing our side only.`);
const rows: string[] = [];
let engine = '';
let version = '';
for (const benchmark of cases) {
  const text = JSON.stringify(benchmark);
  const ours: Ours[] = [];
  const theirs: Theirs[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const step = ['--import', 'tsx', file('step.ts'), text, values.seconds, values.threads];
    ours.push(runJson<Ours>(process.execPath, step));
    if (withTorch) {
      theirs.push(
        runJson<Theirs>(python, ['-B', file('peers/torch_step.py'), text, values.seconds, values.threads]),
      );
    }
  }
  engine = ours[0]?.engine ?? '';
  version = theirs[0]?.version ?? '';
  const mine = middle(ours.map(({ milliseconds }) => milliseconds));
  const memory = Math.max(...ours.map(({ peakMegabytes }) => peakMegabytes));
  const row = [benchmark.name, `${mine.toFixed(0)} ms`, `${memory.toFixed(0)} MB`];
  if (withTorch) {
    if (theirs[0]?.parameters !== ours[0]?.parameters) {
      throw new Error(
        `${benchmark.name}: we train ${ours[0]?.parameters} parameters, PyTorch ${theirs[0]?.parameters}.`,
      );
    }
    const torch = middle(theirs.map(({ milliseconds }) => Math.min(...Object.values(milliseconds))));
    row.push(`${torch.toFixed(0)} ms`, `${Math.max(...theirs.map((t) => t.peakMegabytes)).toFixed(0)} MB`);
    row.push((mine / torch).toFixed(2));
  }
  rows.push(`| ${row.join(' | ')} |`);
  console.log(row.join('   '));
}

const columns = ['case', 'ours', 'peak memory'].concat(
  withTorch ? [`PyTorch ${version}`, 'peak memory', 'ours / PyTorch'] : [],
);
const table = [`| ${columns.join(' | ')} |`, `|${columns.map(() => '---|').join('')}`, ...rows].join('\n');
console.log(`\n${table}`);
if (values.write) {
  const text = `# Benchmarks

Written by \`npm run bench -- --write\`. One training step (forward, backward, Adam, float32; the nets of
\`bench/cases.json\`), median over ${values.rounds} rounds of ${values.seconds} s, both sides in turn on the same
machine: ${cpus()[0]?.model.trim()}, ${values.threads} threads, engine ${engine}, Node ${process.version}.

${table}
`;
  writeFileSync(file('../docs/benchmarks.md'), text);
}
