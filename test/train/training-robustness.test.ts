// Robustness on training images beside that on others, and what decides the best epoch.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { useEngine } from '../../src/engine/engine.ts';
import { checkExperiment } from '../../src/train/check-experiment.ts';
import type { Experiment } from '../../src/train/experiment.ts';
import { bestEpoch, bestMeasurement, measurementsOf } from '../../src/train/measurements.ts';
import { readRun } from '../../src/train/report/run-data.ts';
import { train } from '../../src/train/train.ts';
import { eventFiles, readEvents } from '../summary/decode.ts';
import { noTensorLeak } from '../support.ts';
import { classification, segmentation, temporaryDirectory } from './support.ts';

before(() => useEngine('auto'));

const attacked = {
  ...segmentation,
  epochs: 3,
  robustness: {
    ...classification.robustness,
    attacks: [{ name: 'fgsm' }, { name: 'pgd', steps: 2 }],
    trainImages: 5,
  },
  checkpoints: { best: ['validation/dice', 'robustness/worst/linf/0.0157'] },
  earlyStop: { measurement: ['validation/dice', 'robustness/worst/linf/auc'], patience: 9 },
} satisfies Experiment;

test('training images are attacked as often as others, recorded, and shown in TensorBoard', async () => {
  const { path, records, net } = await noTensorLeak(async () => {
    const trained = await train(attacked, { directory: temporaryDirectory() });
    trained.net.model.dispose();
    return trained;
  });
  assert.equal(net.name, 'unet');
  const tags = ['0.0000', '0.0157', '0.0314', 'auc'].map((name) => `train/robustness/worst/linf/${name}`);
  const known = measurementsOf(attacked);
  for (const { epoch, measurements, times } of records) {
    for (const tag of tags) {
      assert.equal(tag in measurements, epoch > 1, `${tag} of epoch ${epoch}`);
      assert.ok(known.includes(tag), tag);
    }
    if (epoch === 1) continue;
    const values = tags.slice(0, 3).map((tag) => measurements[tag] as number);
    assert.deepEqual(
      values.toSorted((a, b) => b - a),
      values,
      'the worst case falls with epsilon',
    );
    assert.ok((times?.['time/training-robustness'] ?? 0) > 0);
  }
  const layout = eventFiles(path)
    .flatMap(readEvents)
    .find(({ plugin }) => plugin === 'custom_scalars');
  assert.ok(layout, 'a layout');
  const bytes = eventFiles(path).map((file) => readFileSync(file).toString('latin1'));
  assert.ok(bytes.some((text) => text.includes('robust overfitting: training beside validation')));

  const { best } = await readRun(path);
  const means = records
    .filter(({ epoch }) => epoch > 1)
    .map(({ epoch, measurements: m }) => ({
      epoch,
      mean: ((m['validation/dice'] as number) + (m['robustness/worst/linf/0.0157'] as number)) / 2,
    }));
  const highest = means.reduce((a, b) => (b.mean > a.mean ? b : a));
  assert.equal(best?.epoch, highest.epoch);
  assert.ok(Math.abs((best?.value ?? 0) - highest.mean) < 1e-12);
  assert.equal(best?.measurement, 'mean of validation/dice, robustness/worst/linf/0.0157');
  assert.ok(readFileSync(join(path, `epoch-000${highest.epoch}`, 'state.json')).length > 0, 'it is kept');
});

test('without trainImages nothing of the kind is measured', () => {
  const { trainImages: _, ...robustness } = attacked.robustness;
  assert.ok(!measurementsOf({ ...attacked, robustness }).some((name) => name.startsWith('train/robustness')));
});

test('an epoch that lacks one of several measurements is not the best', () => {
  const measure = bestMeasurement(attacked);
  const records = [
    { epoch: 1, measurements: { 'validation/dice': 0.9 } },
    { epoch: 2, measurements: { 'validation/dice': 0.5, 'robustness/worst/linf/0.0157': 0.3 } },
    { epoch: 3, measurements: { 'validation/dice': 0.8, 'robustness/worst/linf/0.0157': 0.1 } },
    { epoch: 4, measurements: { 'validation/dice': 0.4, 'robustness/worst/linf/0.0157': 0.2 } },
  ];
  assert.equal(bestEpoch(records, measure), 3);
  assert.equal(bestEpoch(records, { ...measure, better: 'lower' }), 4);
});

test('measurements that do not go together are refused', () => {
  const best = (...names: string[]) => checkExperiment({ ...attacked, checkpoints: { best: names } });
  assert.throws(() => best('validation/dice', 'validation/loss'), /improve in the same way/);
  assert.throws(() => best('validation/dice', 'validation/dice'), /with each measurement once/);
  assert.throws(() => best(), /with each measurement once/);
  assert.throws(() => best('validation/dice', 'validation/accuracy'), /a measurement of this experiment/);
  const images = (trainImages: number) =>
    checkExperiment({ ...attacked, robustness: { ...attacked.robustness, trainImages } });
  assert.throws(() => images(0), /robustness\.trainImages: expected a whole number/);
});
