import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { takeRows } from '../../src/attacks/rows.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { noTensorLeak } from '../support.ts';

before(() => useEngine('auto'));

for (const rows of [[0, 1, 2, 3], [0, 1, 3], [2], [3, 2, 1, 0], [1, 1, 2], [0, 1, 2, 3, 0]]) {
  test(`rows ${rows} are those asked for, and outlive the others`, () =>
    noTensorLeak(() => {
      const all = tf.tensor2d([0, 1, 2, 3, 4, 5, 6, 7], [4, 2]);
      const taken = takeRows(all, rows);
      all.dispose();
      assert.deepEqual(taken.shape, [rows.length, 2]);
      assert.deepEqual(
        [...taken.dataSync()],
        rows.flatMap((row) => [2 * row, 2 * row + 1]),
      );
      taken.dispose();
    }));
}
