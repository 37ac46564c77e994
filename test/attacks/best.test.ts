import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { better, nothingYet, unfinished } from '../../src/attacks/best.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { noTensorLeak } from '../support.ts';

before(() => useEngine('auto'));

const verdict = (scores: number[], losses: number[]) => ({
  scores: Float32Array.from(scores),
  losses: Float32Array.from(losses),
});
const pixels = (...values: number[]) => tf.tensor4d(values, [values.length, 1, 1, 1]);

test('a lower score is better whatever the loss, then a higher loss; NaN is never better than a number', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const first = better(
        nothingYet(pixels(0, 0, 0, 0)),
        pixels(1, 2, 3, 4),
        [0, 1, 2, 3],
        verdict([0.5, 0.5, 0.5, 0.5], [2, 2, 2, 2]),
      );
      assert.deepEqual(Array.from(first.images.dataSync()), [1, 2, 3, 4]);
      const second = better(
        first,
        pixels(5, 6, 7, 8),
        [0, 1, 2, 3],
        verdict([0.25, 0.75, 0.5, 0.5], [1, 9, 3, 1]),
      );
      assert.deepEqual(Array.from(second.images.dataSync()), [5, 2, 7, 4]);
      assert.deepEqual(second, { images: second.images, ...verdict([0.25, 0.5, 0.5, 0.5], [1, 2, 3, 2]) });
      const third = better(second, pixels(9, 10), [1, 3], verdict([Number.NaN, 0.5], [9, Number.NaN]));
      assert.deepEqual(Array.from(third.images.dataSync()), [5, 2, 7, 4]);
    }),
  ));

test('any number is better than a loss that is NaN, at the same score', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const first = better(nothingYet(pixels(0)), pixels(1), [0], verdict([0.5], [Number.NaN]));
      assert.deepEqual([...better(first, pixels(2), [0], verdict([0.5], [-3])).images.dataSync()], [2]);
    }),
  ));

test('images in part of a batch are put in their places, and those at score 0 are finished', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const best = better(nothingYet(pixels(1, 2, 3)), pixels(30, 10), [2, 0], verdict([0, 0.5], [1, 1]));
      assert.deepEqual(Array.from(best.images.dataSync()), [10, 2, 30]);
      assert.deepEqual(unfinished(best), [0, 1]);
    }),
  ));
