import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Dataset } from '../../src/data/dataset.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { createRandom } from '../../src/random.ts';
import type { Run } from '../../src/train/callback.ts';
import { catastrophicOverfitting } from '../../src/train/callbacks/catastrophic-overfitting.ts';
import type { Experiment } from '../../src/train/experiment.ts';
import { betterOf, measurementsOf } from '../../src/train/measurements.ts';
import { noTensorLeak } from '../support.ts';
import { classification } from './support.ts';

before(() => useEngine('auto'));

const [epsilon, count] = [8 / 255, 8];
const experiment: Experiment = { ...classification, defence: { name: 'fast', epsilon } };

/** Grey images of one pixel, all of class 0. */
const grey: Dataset = {
  name: 'grey',
  task: 'classification',
  imageShape: [1, 1, 1],
  classes: ['right', 'wrong'],
  samples: Array.from({ length: count }, (_, i) => ({ id: `${i}`, patient: `${i}`, label: 0 })),
  read: async (i) => ({ id: `${i}`, patient: `${i}`, pixels: Float32Array.of(0.5), label: 0 }),
};

/**
 * The lead of the right class over the brightness of the pixel, in a distance from 0.5 of d epsilons: `height` − 1 − d,
 * and from a half on it rises by `rises` for each of d.
 */
function valley(height: number, rises: number): tf.LayersModel {
  const image = tf.input({ shape: [1, 1, 1] });
  const flat = tf.layers.flatten().apply(image);
  const hidden = tf.layers.dense({ units: 2, activation: 'relu', name: 'hidden' });
  const lead = tf.layers.dense({ units: 2, name: 'lead' });
  const model = tf.model({ inputs: image, outputs: lead.apply(hidden.apply(flat)) as tf.SymbolicTensor });
  tf.tidy(() => {
    hidden.setWeights([tf.ones([1, 2]), tf.tensor1d([epsilon - 0.5, -0.5 - epsilon / 2])]);
    lead.setWeights([tf.tensor2d([-1 / epsilon, 0, rises / epsilon, 0], [2, 2]), tf.tensor1d([height, 0])]);
  });
  return model;
}

async function alarm(model: tf.LayersModel) {
  const warnings: string[] = [];
  const run = {
    experiment,
    net: { name: 'valley', model, auxiliaryWeights: [] },
    train: grey,
    random: createRandom(1),
    signal: new AbortController().signal,
    log: { warn: (_: object, message: string) => warnings.push(message) },
  } as unknown as Run;
  const measured = await catastrophicOverfitting().onMeasure?.(run, { epoch: 3, step: 12 });
  model.dispose();
  return { measured, warnings };
}

describe('the alarm of single-step training', () => {
  test('is raised for a net that a single step overshoots and smaller steps do not', () =>
    noTensorLeak(async () => {
      const { measured, warnings } = await alarm(valley(1.2, 2.5));
      assert.deepEqual(measured, {
        'defence/fgsm': 1,
        'defence/pgd': 0,
        'defence/catastrophic-overfitting': 1,
      });
      assert.equal(warnings.length, 1);
      assert.match(
        warnings[0]!,
        /^epoch 3: catastrophic-overfitting: .*1\.000 under fgsm, but 0\.000 under pgd/,
      );
    }));

  test('is silent for a net that falls to both, and for one that withstands both', () =>
    noTensorLeak(async () => {
      for (const [height, standing] of [
        [1.2, 0],
        [3, 1],
      ] as const) {
        const { measured, warnings } = await alarm(valley(height, 0));
        assert.equal(measured?.['defence/fgsm'], standing);
        assert.equal(measured?.['defence/pgd'], standing);
        assert.equal(measured?.['defence/catastrophic-overfitting'], 0);
        assert.deepEqual(warnings, []);
      }
    }));

  test('may stop a run', () => {
    for (const name of ['defence/pgd', 'defence/fgsm', 'defence/catastrophic-overfitting']) {
      assert.ok(measurementsOf(experiment).includes(name));
      assert.ok(!measurementsOf({ ...experiment, defence: { name: 'pgd' } }).includes(name));
    }
    assert.equal(betterOf(experiment, 'defence/pgd'), 'higher');
    assert.equal(betterOf(experiment, 'defence/catastrophic-overfitting'), 'lower');
  });
});
