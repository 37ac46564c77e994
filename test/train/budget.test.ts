import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { useEngine } from '../../src/engine/engine.ts';
import type { Callback } from '../../src/train/callback.ts';
import type { Experiment } from '../../src/train/experiment.ts';
import { measurementsOf } from '../../src/train/measurements.ts';
import { train } from '../../src/train/train.ts';
import { classification, temporaryDirectory } from './support.ts';

const directory = temporaryDirectory();
before(() => useEngine('auto'));

async function trained(budget: number) {
  const robustness = {
    ...classification.robustness,
    budget,
    unseen: true,
    quantise: 8,
    trainImages: 5,
  } as const;
  const experiment: Experiment = { ...classification, epochs: 1, robustness };
  const { net, records, path } = await train(experiment, { directory });
  net.model.dispose();
  const curves = JSON.parse(readFileSync(join(path, 'curves/epoch-0001.json'), 'utf8'));
  const events = readdirSync(path).find((name) => name.startsWith('events.')) as string;
  return {
    experiment,
    curves,
    measurements: records[0]?.measurements ?? {},
    log: readFileSync(join(path, 'log.jsonl'), 'utf8'),
    tensorBoard: readFileSync(join(path, events)).toString('latin1'),
  };
}

test('without time for all images, a curve is of some, and says so everywhere', async () => {
  const { curves, measurements, log, tensorBoard } = await trained(1e-9);
  const partial = /^partial-curve: 4 of 6 images were attacked, in [\d.]+ s of [\d.e-]+ s\.$/;
  for (const { images, budget, flags } of [...curves.curves, curves.worst]) {
    assert.equal(images, 4);
    assert.equal(budget.asked, 6);
    assert.ok(budget.used > budget.seconds && budget.seconds > 0);
    assert.match(flags.at(-1), partial);
  }
  assert.equal(measurements['robustness/images'], 4);
  assert.equal(measurements['train/robustness/images'], 4);
  assert.match(log, /partial-curve: 4 of 6/);
  assert.match(log, /training images: partial-curve: 4 of 5/);
  assert.match(tensorBoard, /robustness\/partial/);
  assert.match(tensorBoard, /partial-curve: 4 of 6/);
});

test('with time enough it is of all images, and says nothing', async () => {
  const { experiment, curves, measurements, log } = await trained(1e6);
  assert.equal(curves.worst.images, 6);
  assert.equal(curves.worst.budget.asked, 6);
  assert.equal(curves.worst.quantise, 8);
  assert.ok(
    curves.curves.every(({ unseen }: { unseen?: { ssim: number } }) => unseen && unseen.ssim >= 0.97),
  );
  assert.equal(measurements['robustness/images'], 6);
  assert.equal(measurements['train/robustness/images'], 5);
  assert.doesNotMatch(log, /partial-curve/);
  const named = measurementsOf(experiment);
  for (const name of Object.keys(measurements)) assert.ok(named.includes(name), name);
});

test('it is of the training since the last evaluation', async () => {
  const seconds: number[] = [];
  const clock: Callback = {
    name: 'clock',
    onMeasure(_, at) {
      seconds[at.epoch] = at.seconds as number;
      return {};
    },
  };
  const robustness = { ...classification.robustness, budget: 0.5, everyEpochs: 2 } as const;
  const experiment: Experiment = { ...classification, epochs: 3, robustness };
  const { net, path } = await train(experiment, { directory, callbacks: [clock] });
  net.model.dispose();
  const budgetOf = (epoch: number) =>
    JSON.parse(readFileSync(join(path, `curves/epoch-000${epoch}.json`), 'utf8')).worst.budget.seconds;
  assert.deepEqual(
    [budgetOf(2), budgetOf(3)],
    [0.5 * 2 * (seconds[2] as number), 0.5 * (seconds[3] as number)],
  );
});

test('the flag is explained', () => {
  const docs = readFileSync(new URL('../../docs/sanity-checks.md', import.meta.url), 'utf8');
  assert.match(docs, /^## partial-curve$/m);
});
