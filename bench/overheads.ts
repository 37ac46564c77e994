// What a run spends beside training and measuring: records, TensorBoard, checkpoints, pictures.
//
//   node --import tsx bench/overheads.ts demo
//
// Trains the experiment into a directory that is then removed, under V8's profiler, and prints for each kind of work its
// share of the time of the run from the third epoch on. Work within the profiler's reach is told by the file it is done
// in; what waits for the disk, by the clock, from the run's own log.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseExperiment } from '../src/cli/choose-experiment.ts';
import type { Callback } from '../src/train/callback.ts';
import { train } from '../src/train/train.ts';

/** By what the call that is highest in the stack of a sample says; the first that fits counts. */
const KINDS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['checkpoints', /src\/train\/(checkpoints|callbacks\/checkpoint)\.ts/],
  ['TensorBoard', /src\/(summary\/|train\/(callbacks\/(tensorboard|threshold-curves)|watch-gradients)\.ts)/],
  [
    'pictures',
    /src\/(report\/|train\/(examples|report\/)|train\/callbacks\/robustness-measurement\.ts#(keep|keepExamples|plotCurves))/,
  ],
  ['records', /src\/train\/(run-directory|log|files)\.ts/],
];

const words = process.argv.slice(2);
const [name = 'demo'] = words;
const changes = words.slice(1).filter((word) => word !== '--set');
const experiment = await chooseExperiment(name, changes);
const directory = mkdtempSync(join(tmpdir(), 'medrobust-overheads-'));
const inspector = new Session();
inspector.connect();
await inspector.post('Profiler.enable');
await inspector.post('Profiler.setSamplingInterval', { interval: 500 });

let started = 0;
const profile: Callback = {
  name: 'profile',
  async onRecord(_run, { epoch }) {
    // The first epoch compiles JavaScript, and what it leaves to do is drawn in the second, which reads the fonts.
    if (epoch !== 2) return;
    await inspector.post('Profiler.start');
    started = performance.now();
  },
};
try {
  const { net, path } = await train(experiment, { directory, callbacks: [profile] });
  const seconds = (performance.now() - started) / 1000;
  const { profile: found } = await inspector.post('Profiler.stop');
  net.model.dispose();
  const shares = attribute(found);
  const lines = readFileSync(join(path, 'log.jsonl'), 'utf8').trimEnd().split('\n');
  const kept = lines.map((line) => JSON.parse(line)).filter(({ msg, epoch }) => msg === 'kept' && epoch > 2);
  const clock = (callback: string) => kept.reduce((sum, line) => sum + (line.seconds[callback] ?? 0), 0);
  console.log(`${experiment.name}: ${kept.length} epochs, ${(seconds / kept.length).toFixed(2)} s each`);
  const row = (what: string, spent: number) =>
    console.log(`  ${what.padEnd(38)}${spent.toFixed(3)} s  ${((100 * spent) / seconds).toFixed(2)} %`);
  for (const [kind, spent] of shares) row(`${kind}, on the processor`, spent);
  for (const callback of ['records', 'tensorboard', 'checkpoint'])
    row(`${callback}, by the clock`, clock(callback));
  // What goes on while the next epoch trains, and was not done at its end.
  row('waiting for what was left to do', clock('later'));
  const { TensorBoard = 0, checkpoints = 0 } = Object.fromEntries(shares);
  const all =
    clock('records') +
    clock('later') +
    Math.max(checkpoints, clock('checkpoint')) +
    Math.max(TensorBoard, clock('tensorboard'));
  row('TensorBoard + records + checkpoints', all);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** Seconds on the processor by kind of work. */
function attribute({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): [string, number][] {
  const kindOf = new Map<number, string | undefined>();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const walk = (id: number, inherited: string | undefined) => {
    const node = byId.get(id);
    if (!node) return;
    const { url, functionName } = node.callFrame;
    const kind =
      inherited ??
      KINDS.find(([, pattern]) => pattern.test(url) || pattern.test(`${url}#${functionName}`))?.[0];
    kindOf.set(id, kind);
    for (const child of node.children ?? []) walk(child, kind);
  };
  const children = new Set(nodes.flatMap((node) => node.children ?? []));
  for (const { id } of nodes) if (!children.has(id)) walk(id, undefined);
  const spent = new Map<string, number>(KINDS.map(([kind]) => [kind, 0]));
  for (const [i, id] of samples.entries()) {
    const kind = kindOf.get(id);
    if (kind) spent.set(kind, (spent.get(kind) ?? 0) + (timeDeltas[i] ?? 0) / 1e6);
  }
  return [...spent];
}
