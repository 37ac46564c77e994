import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../src/errors.ts';
import { checkExperiment } from '../../src/train/check-experiment.ts';
import type { Experiment } from '../../src/train/experiment.ts';
import { furthestRunOf, furthestRuns } from '../../src/train/furthest-runs.ts';
import { repeatsOf } from '../../src/train/repeats.ts';
import tiny from '../e2e/tiny.ts';
import { temporaryDirectory } from './support.ts';

const folded: Experiment = { ...tiny, data: { ...tiny.data, split: { folds: 3, fold: 1, test: 0.2 } } };

const placeOf = ({ seed, data: { split } }: Experiment) => [
  seed,
  split && 'folds' in split ? split.fold : -1,
];

test('seeds and folds are crossed, and nothing else differs', () => {
  const repeats = repeatsOf(folded, { seeds: [4, 2], folds: 'all' });
  assert.deepEqual(repeats.map(placeOf), [
    [4, 0],
    [4, 1],
    [4, 2],
    [2, 0],
    [2, 1],
    [2, 2],
  ]);
  const without = repeats.map((one) =>
    JSON.stringify(one, (key, value) => (key === 'seed' || key === 'fold' ? undefined : value)),
  );
  assert.equal(new Set(without).size, 1);
});

test('what is not asked for stays as the experiment has it', () => {
  assert.deepEqual(repeatsOf(folded, { folds: [2] }).map(placeOf), [[7, 2]]);
  assert.deepEqual(repeatsOf(folded, { seeds: [1, 2] }).map(placeOf), [
    [1, 1],
    [2, 1],
  ]);
  assert.deepEqual(repeatsOf(tiny, { seeds: [3] }).map(placeOf), [[3, -1]]);
});

test('folds that are not there are refused', () => {
  const refusal = { name: 'UsageError', message: /--set data\.split\.folds=5/ };
  assert.throws(() => repeatsOf(tiny, { folds: 'all' }), refusal);
  assert.throws(() => repeatsOf(folded, { folds: [3] }), UsageError);
});

/** A run as far as its experiment and its records go. */
function pretend(root: string, name: string, experiment: Experiment, epochs: number): string {
  const path = join(root, experiment.name, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'experiment.json'), `${JSON.stringify(checkExperiment(experiment), null, 2)}\n`);
  const records = Array.from({ length: epochs }, (_, i) => `{"epoch":${i + 1},"step":1,"measurements":{}}\n`);
  if (epochs > 0) writeFileSync(join(path, 'metrics.jsonl'), records.join(''));
  return path;
}

test('the run of an experiment is the one with the most epochs, and of these the newest', async () => {
  const root = temporaryDirectory();
  const [first, second] = repeatsOf(tiny, { seeds: [1, 2] }) as [Experiment, Experiment];
  assert.equal(await furthestRunOf(root, first), undefined);
  pretend(root, '20260101-000000-1', first, 2);
  const newer = pretend(root, '20260102-000000-1', first, 2);
  pretend(root, '20260103-000000-1', first, 1);
  const begun = pretend(root, '20260104-000000-2', second, 0);
  assert.deepEqual(await furthestRunOf(root, first), { path: newer, epochs: 2 });
  assert.deepEqual(await furthestRunOf(root, second), { path: begun, epochs: 0 });
  assert.equal((await furthestRuns(root, 'tiny')).size, 2);
  const turned = Object.fromEntries(Object.entries(first).reverse()) as unknown as Experiment;
  assert.deepEqual(await furthestRunOf(root, turned), { path: newer, epochs: 2 });
});
