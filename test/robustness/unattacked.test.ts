// Nets under images that nobody attacks: corruptions, noise as visible as an attack, outliers, mixtures.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../../src/data/dataset.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { UsageError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';
import { corruptionScores } from '../../src/robustness/corruption-scores.ts';
import { stacked } from '../../src/robustness/corruptions/corrupt.ts';
import { matchedNoise, noiseControl } from '../../src/robustness/matched-noise.ts';
import { metricOf } from '../../src/robustness/metrics/create.ts';
import { ambiguityScores, outlierScores } from '../../src/robustness/uncertainty.ts';
import { noTensorLeak } from '../support.ts';
import { scene } from './corruptions/scenes.ts';

before(() => useEngine('auto'));

const accuracy = { name: 'accuracy', metric: metricOf('accuracy') };

/** Bright or dark by the mean of the pixels: an image of label 1 is brighter than a half. */
const byBrightness = {
  logits: (images: tf.Tensor4D) =>
    tf.tidy(() => {
      const lead = images.mean([1, 2, 3]).sub(0.5).mul(40);
      return tf.stack([lead.neg(), lead], 1);
    }),
};

const SIZE = 24;

/** Scenes of which every other one is dark, in batches. */
async function* scenes(count: number, size: number): AsyncGenerator<Batch> {
  const all = Array.from({ length: count }, (_, i) => ({
    id: `scene-${i}`,
    pixels: scene([SIZE, SIZE, 1], i).pixels.map((value) =>
      i % 2 ? Math.min(1, value + 0.25) : value * 0.7,
    ),
    label: i % 2,
  }));
  for (let from = 0; from < count; from += size) {
    const part = all.slice(from, from + size);
    const images = stacked(
      part.map(({ pixels }) => pixels),
      [part.length, SIZE, SIZE, 1],
    );
    const labels = tf.tensor1d(
      part.map(({ label }) => label),
      'int32',
    );
    yield {
      ids: part.map(({ id }) => id),
      images,
      labels,
      [Symbol.dispose]: () => tf.dispose([images, labels]),
    };
  }
}

describe('corruption scores', () => {
  const measure = (batch: number) =>
    corruptionScores(scenes(12, batch), {
      net: byBrightness,
      corruptions: ['gaussianNoise', 'brightness', 'motion'],
      metric: accuracy,
      random: createRandom(4),
    });

  test('do not depend on the size of batches, and leave nothing behind', () =>
    noTensorLeak(async () => {
      const [{ seconds: _, ...whole }, { seconds: __, ...single }] = [await measure(12), await measure(5)];
      assert.deepEqual(
        { ...single, points: single.points.map(rounded) },
        { ...whole, points: whole.points.map(rounded) },
      );
      assert.equal(whole.points.length, 15);
      assert.equal(whole.images, 12);
      assert.equal(whole.clean, 1);
    }));

  test('fall where a corruption changes what the net looks at, and hold where not', async () => {
    const { points, mean } = await measure(12);
    const at = (name: string, severity: number) =>
      points.find((point) => point.corruption === name && point.severity === severity)?.value as number;
    assert.equal(at('gaussianNoise', 1), 1);
    assert.ok(at('brightness', 5) < 1);
    assert.ok(Math.abs(mean - points.reduce((sum, { value }) => sum + value, 0) / 15) < 1e-12);
    for (const { value, low, high, ssim } of points) assert.ok(low <= value && value <= high && ssim <= 1);
  });

  test('a kind that is named twice counts once', async () => {
    const options = { net: byBrightness, metric: accuracy, random: createRandom(4) };
    const { seconds: _, ...once } = await corruptionScores(scenes(4, 4), {
      ...options,
      corruptions: ['blur'],
    });
    const { seconds: __, ...twice } = await corruptionScores(scenes(4, 4), {
      ...options,
      corruptions: ['blur', 'blur'],
    });
    assert.deepEqual(twice, once);
  });

  test('refuse a metric without scores of images, and no images', async () => {
    const options = { net: byBrightness, corruptions: ['blur'] as const, random: createRandom(1) };
    const auroc = { name: 'auroc', metric: metricOf('auroc') };
    await assert.rejects(corruptionScores(scenes(2, 2), { ...options, metric: auroc }), UsageError);
    await assert.rejects(
      corruptionScores(scenes(0, 2), { ...options, metric: accuracy }),
      /at least one image/,
    );
  });
});

describe('noise of a given structural similarity', () => {
  for (const noise of ['gaussianNoise', 'ricianNoise'] as const) {
    test(`${noise} meets it, by more noise for less similarity`, () =>
      noTensorLeak(async () => {
        for await (using batch of scenes(5, 5)) {
          let before = batch.ids.map(() => 0);
          for (const similarity of [0.99, 0.9, 0.5]) {
            const { images, ssim, deviations } = await matchedNoise(
              noise,
              batch,
              similarity,
              createRandom(2),
            );
            for (const found of ssim)
              assert.ok(Math.abs(found - similarity) < 0.005, `${found} for ${similarity}`);
            for (const [i, deviation] of deviations.entries()) assert.ok(deviation > (before[i] as number));
            before = deviations;
            images.dispose();
          }
        }
      }));
  }

  test('1 gives the clean images, and the control has a point for each of the curve', () =>
    noTensorLeak(async () => {
      for await (using batch of scenes(2, 2)) {
        const { images, deviations } = await matchedNoise('gaussianNoise', batch, 1, createRandom(2));
        assert.deepEqual(images.dataSync(), batch.images.dataSync());
        assert.deepEqual(deviations, [0, 0]);
        images.dispose();
      }
      const points = [
        { epsilon: 0, ssim: 1 },
        { epsilon: 0.1, ssim: 0.8 },
      ];
      const options = {
        net: byBrightness,
        noise: 'gaussianNoise',
        metric: accuracy,
        random: createRandom(1),
      } as const;
      await assert.rejects(noiseControl(scenes(0, 4), { ...options, points }), /at least one image/);
      const control = await noiseControl(scenes(6, 4), { ...options, points });
      assert.deepEqual(
        control.points.map(({ epsilon }) => epsilon),
        [0, 0.1],
      );
      assert.equal(control.points[0]?.value, 1);
      assert.ok(Math.abs((control.points[1]?.ssim as number) - 0.8) < 0.005);
    }));
});

/** Images of one grey level each. */
async function* greys(levels: readonly number[]): AsyncGenerator<Batch> {
  const images = stacked(
    levels.map((level) => new Float32Array(4).fill(level)),
    [levels.length, 2, 2, 1],
  );
  const labels = tf.zeros([levels.length], 'int32');
  yield {
    ids: levels.map(String),
    images,
    labels,
    [Symbol.dispose]: () => tf.dispose([images, labels]),
  };
}

test('outliers are told apart by how sure the net is: all, none, or half of the pairs', () =>
  noTensorLeak(async () => {
    const known = [0, 0.1, 0.9, 1];
    const all = await outlierScores(byBrightness, greys(known), greys([0.45, 0.5, 0.52]));
    assert.deepEqual(all, { images: 4, outliers: 3, maxSoftmax: 1, energy: 1 });
    const none = await outlierScores(byBrightness, greys([0.5, 0.51]), greys([0, 1]));
    assert.deepEqual([none.maxSoftmax, none.energy], [0, 0]);
    const same = await outlierScores(byBrightness, greys([0.6, 0.7]), greys([0.6, 0.7]));
    assert.deepEqual([same.maxSoftmax, same.energy], [0.5, 0.5]);
  }));

test('outliers of a net whose logits are infinite are not told apart', () =>
  noTensorLeak(async () => {
    const diverged = { logits: (images: tf.Tensor4D) => byBrightness.logits(images).div(0) as tf.Tensor2D };
    const found = await outlierScores(diverged, greys([0, 1]), greys([0.2, 0.8]));
    assert.ok(Number.isNaN(found.maxSoftmax) && Number.isNaN(found.energy));
  }));

test('mixtures have a small margin and a large entropy', () =>
  noTensorLeak(async () => {
    const scores = await ambiguityScores(byBrightness, greys([0, 1]), greys([0.5, 0.5, 0.5]));
    assert.equal(scores.mixtures, 3);
    assert.ok(Math.abs(scores.margin.clean - 1) < 1e-6 && Math.abs(scores.margin.mixed) < 1e-5);
    assert.ok(scores.entropy.clean < 1e-6 && Math.abs(scores.entropy.mixed - 1) < 1e-6);
    assert.equal(scores.auroc, 1);
  }));

test('figures of a segmentation are means over its pixels', () =>
  noTensorLeak(async () => {
    const net = {
      logits: (images: tf.Tensor4D) => tf.tidy(() => tf.concat([images.mul(0), images.sub(0.5).mul(40)], 3)),
    };
    const { maxSoftmax } = await outlierScores(net, greys([0, 1]), greys([0.5]));
    assert.equal(maxSoftmax, 1);
  }));

function rounded<T extends object>(point: T): T {
  const entries = Object.entries(point).map(([key, value]) => [
    key,
    typeof value === 'number' ? Number(value.toFixed(6)) : value,
  ]);
  return Object.fromEntries(entries) as T;
}
