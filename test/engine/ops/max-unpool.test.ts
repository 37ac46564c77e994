import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { maxUnpool } from '../../../src/engine/ops/max-unpool.ts';
import { noTensorLeak } from '../../support.ts';
import { engines } from '../engines.ts';

const plane = (rows: number[][]) => tf.tensor4d(rows.flat(), [1, rows.length, rows[0]!.length, 1]);

for (const engine of engines) {
  describe(`maxUnpool on ${engine.name}`, () => {
    before(() => engine.use());

    test('puts values where the maxima were, at the first of equals', () =>
      noTensorLeak(() =>
        tf.tidy(() => {
          const map = plane([
            [1, 2, 0, 0],
            [4, 3, 0, 0],
          ]);
          assert.deepEqual([...maxUnpool(plane([[7, 8]]), map).dataSync()], [0, 0, 8, 0, 7, 0, 0, 0]);
        }),
      ));

    test('crops to maps of odd size, all of them negative', () =>
      noTensorLeak(() =>
        tf.tidy(() => {
          const map = plane([
            [-1, -2, -3],
            [-4, -5, -6],
            [-9, -8, -7],
          ]);
          const x = plane([
            [10, 20],
            [30, 40],
          ]);
          assert.deepEqual([...maxUnpool(x, map).dataSync()], [10, 0, 20, 0, 0, 0, 0, 30, 40]);
        }),
      ));

    test('undoes a max pool where the maxima stood', () =>
      noTensorLeak(() =>
        tf.tidy(() => {
          const map = tf.tensor4d(
            [...Array(2 * 4 * 6 * 3)].map((_, i) => (i * 37) % 101),
            [2, 4, 6, 3],
          );
          const pooled = tf.maxPool(map, 2, 2, 'valid');
          const restored = maxUnpool(pooled, map);
          assert.deepEqual([...tf.maxPool(restored, 2, 2, 'valid').dataSync()], [...pooled.dataSync()]);
          const kept = tf.logicalOr(tf.equal(restored, 0), tf.equal(restored, map));
          assert.equal(tf.all(kept).dataSync()[0], 1);
        }),
      ));
  });
}
