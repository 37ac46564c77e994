/**
 * What we do beside PyTorch doing the same: same nets, sizes, batches, threads; each side in its own process, in turn.
 *
 *   npm run bench                                      steps, kernels, epochs, one after the other
 *   npm run bench -- --kind steps                      training step, an attack's gradient, inference of bench/cases.json
 *   npm run bench -- --kind kernels                    the kernels of such a training step, one by one
 *   npm run bench -- --kind epochs                     an epoch of bench/epochs.json with its robustness curve
 *   npm run bench -- --kind curves                     robustness curves, beside Foolbox's and torchattacks'
 *   npm run bench -- --kind strength --case NAME       our ensemble beside AutoAttack, on a net of bench/attacked-cases.ts
 *   npm run bench -- --kind segmentation               attacks on a segmenter at the same budget
 *   npm run bench -- --kind attacks                    time and memory of single attacks, of bench/attacks.ts
 *   npm run bench -- --kind loader                     decoding and resizing beside torchvision and PIL, in processor time
 *   npm run bench -- --case unet-128 --pass train      one case; of steps, one of train, inputGradient, inference
 *   npm run bench -- --kind steps --precision bf16     ours in bf16, beside the faster of PyTorch's float32 and bf16
 *   npm run bench -- --json                            one JSON object a line
 *   npm run bench -- --write                           and write docs/benchmarks.md
 *   npm run bench -- --write --from rows.jsonl         write it from lines of earlier --json runs, measuring nothing
 *
 * --images attacks fewer images than a strength case names. --folder keeps trained nets, and finds them there again.
 *
 * PyTorch is looked for in $MEDROBUST_PYTHON, else python3; without it only our side is timed. Of PyTorch's
 * two memory formats the faster counts. A ratio is PyTorch's time divided by ours: above 1 we are faster.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Experiment } from '../src/train/experiment.ts';
import { attackFigures } from './attack-figures.ts';
import { type AttackedCase, curveCase, segmentationCase, strengthCases } from './attacked-cases.ts';
import type { BenchmarkCase } from './case.ts';
import { compareCurves, compareSegmentation, compareStrength } from './compare-attacks.ts';
import { compareEpoch } from './compare-epoch.ts';
import { compareKernels } from './compare-kernels.ts';
import { compareLoader } from './compare-loader.ts';
import { comparePass } from './compare-pass.ts';
import { type Side, sides } from './processes.ts';
import { describeRow, type Row } from './rows.ts';
import type { Pass } from './step.ts';
import { writeReport } from './write-report.ts';

const kinds = [
  'steps',
  'kernels',
  'epochs',
  'loader',
  'curves',
  'strength',
  'segmentation',
  'attacks',
] as const;
/** The others train nets first, and need data and time: they run where they are named. */
const byDefault: readonly string[] = ['steps', 'kernels', 'epochs', 'loader'];
const precisions = ['f32', 'bf16'] as const;
const passes: readonly Pass[] = ['train', 'inputGradient', 'inference'];
function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function parse<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    return fail(`${(error as Error).message.split('\n')[0]} The options stand at the head of bench/run.ts.`);
  }
}

const options = {
  options: {
    kind: { type: 'string' },
    case: { type: 'string' },
    pass: { type: 'string' },
    precision: { type: 'string' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    from: { type: 'string' },
    images: { type: 'string' },
    folder: { type: 'string' },
  },
} as const;
const { values } = parse(() => parseArgs(options));

function chosen<T>(what: string, all: readonly T[], nameOf: (one: T) => string, name?: string): readonly T[] {
  const found = all.filter((one) => name === undefined || nameOf(one) === name);
  if (found.length > 0) return found;
  return fail(`There is no ${what} "${name}". Choose one of: ${all.map(nameOf).join(', ')}.`);
}

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as T;
}

function* measureSteps(side: Side): Generator<Row> {
  const cases = chosen('case', readJson<BenchmarkCase[]>('cases.json'), ({ name }) => name, values.case);
  for (const benchmark of cases) {
    for (const pass of chosen('pass', passes, (name) => name, values.pass)) {
      for (const precision of chosen('precision', precisions, (name) => name, values.precision ?? 'f32')) {
        yield comparePass(side, benchmark, pass, precision);
      }
    }
  }
}

function* measureKernels(side: Side): Generator<Row> {
  const cases = chosen('case', readJson<BenchmarkCase[]>('cases.json'), ({ name }) => name, values.case);
  for (const benchmark of cases) yield* compareKernels(side, benchmark);
}

function* measureEpochs(side: Side): Generator<Row> {
  const all = readJson<Experiment[]>('epochs.json');
  for (const experiment of chosen('case', all, ({ name }) => name, values.case)) {
    yield compareEpoch(side, experiment);
  }
}

async function* measureLoader(side: Side): AsyncGenerator<Row> {
  yield await compareLoader(side, 128);
}

/** Where its data are not there, a case is left out. */
function hasData({ experiment, needs }: AttackedCase): boolean {
  if (!needs || existsSync(needs.path)) return true;
  console.error(
    `${experiment.name}: no data at ${needs.path}; left out. ${needs.variable} says where they are.`,
  );
  return false;
}

function* measureStrength(side: Side): Generator<Row> {
  const cases = chosen('case', strengthCases, ({ experiment }) => experiment.name, values.case);
  const images = values.images === undefined ? undefined : Number(values.images);
  for (const benchmark of cases.filter(hasData)) yield compareStrength(side, benchmark, images);
}

const measures = {
  steps: measureSteps,
  kernels: measureKernels,
  epochs: measureEpochs,
  loader: measureLoader,
  curves: (side: Side) => compareCurves(side, curveCase),
  strength: measureStrength,
  segmentation: (side: Side) =>
    hasData(segmentationCase) ? compareSegmentation(side, segmentationCase) : [],
  attacks: attackFigures,
};

async function* measureAll(): AsyncGenerator<Row> {
  const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'medrobust-bench-'));
  const { seconds, rounds, threads } = values;
  const side = await sides({
    seconds: Number(seconds),
    rounds: Number(rounds),
    threads: Number(threads),
    folder,
  });
  try {
    const named = chosen('kind', kinds, (name) => name, values.kind);
    for (const kind of values.kind ? named : named.filter((name) => byDefault.includes(name))) {
      // A single pass, or a precision, is one of steps.
      if ((values.pass ?? values.precision) === undefined || kind === 'steps') yield* measures[kind](side);
    }
  } finally {
    if (!values.folder) rmSync(folder, { recursive: true });
  }
}

function readRows(path: string): Row[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Row);
}

if (values.from && !values.write) fail('--from goes with --write.');
const rows: Row[] = [];
for await (const row of values.from ? readRows(values.from) : measureAll()) {
  rows.push(row);
  if (!values.from) console.log(values.json ? JSON.stringify(row) : describeRow(row));
}
if (values.write) {
  const path = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
  writeFileSync(path, writeReport(rows, values.threads));
}
