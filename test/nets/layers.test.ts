// What standard layers are made to say in roundabout ways.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { dense } from '../../src/nets/blocks.ts';
import { describeNet } from '../../src/nets/describe.ts';
import { heNormal } from '../../src/nets/initialisers.ts';
import { asSteps, cropTo, padChannels, poolChannels, sumSteps } from '../../src/nets/weightless.ts';
import { createRandom } from '../../src/random.ts';
import { assertClose } from '../support.ts';

before(() => useEngine('auto'));

type X = tf.SymbolicTensor;

/** What `build` makes of `values`, `[height, width, channels]`. */
function run(values: number[][][], build: (x: X) => X | X[]): number[][] {
  const image = tf.tensor3d(values);
  const input = tf.input({ shape: image.shape });
  const model = tf.model({ inputs: input, outputs: build(input) });
  const outputs = tf.tidy(() =>
    [model.predict(image.expandDims())].flat().map((output) => Array.from((output as tf.Tensor).dataSync())),
  );
  tf.dispose(image);
  model.dispose();
  return outputs;
}

test('channels are padded with zeros, maps cut in the middle, and the rest behind', () => {
  assert.deepEqual(
    run([[[1, 2]], [[3, 4]]], (x) => padChannels(x, [1, 2], 'pad')),
    [[0, 1, 2, 0, 0, 0, 3, 4, 0, 0]],
  );
  const rows = [
    [[1], [2]],
    [[3], [4]],
    [[5], [6]],
    [[7], [8]],
  ];
  assert.deepEqual(
    run(rows, (x) => cropTo(x, [1, 1], 'crop')),
    [[3]],
  );
});

test('channels are pooled pixel by pixel', () => {
  const pooled = run(
    [
      [
        [1, 5],
        [2, -4],
      ],
    ],
    (x) => {
      const { mean, max } = poolChannels(x, 'pool');
      return [mean, max];
    },
  );
  assertClose(pooled[0]!, [3, -1]);
  assertClose(pooled[1]!, [5, 2]);
});

test('a layer used twice counts its weights once and its multiplications twice', () => {
  const [a, b] = [tf.input({ shape: [3] }), tf.input({ shape: [3] })];
  const layer = tf.layers.dense({ units: 5 });
  const model = tf.model({ inputs: [a, b], outputs: [layer.apply(a) as X, layer.apply(b) as X] });
  const { parameters, multiplyAdds } = describeNet(model);
  assert.deepEqual([parameters.total, multiplyAdds], [3 * 5 + 5, 2 * 3 * 5]);
  model.dispose();
});

test('a dense layer treats the steps of a sequence alike, and counts its multiplications for each', () => {
  const [a, b] = [tf.input({ shape: [3] }), tf.input({ shape: [3] })];
  const scores = dense(createRandom(1), asSteps([a, b], 'steps'), 'scores', 2, heNormal);
  const model = tf.model({ inputs: [a, b], outputs: sumSteps(scores, 'sum') });
  const { parameters, multiplyAdds, outputs } = describeNet(model);
  assert.deepEqual([parameters.total, multiplyAdds, outputs], [3 * 2 + 2, 2 * 3 * 2, [[2]]]);
  const predict = (rows: number[][]) =>
    tf.tidy(() => (model.predict(rows.map((row) => tf.tensor2d([row]))) as tf.Tensor).dataSync());
  const sum = predict([
    [1, 2, 3],
    [-4, 5, 0.5],
  ]);
  const swapped = predict([
    [-4, 5, 0.5],
    [1, 2, 3],
  ]);
  const merged = predict([
    [-3, 7, 3.5],
    [0, 0, 0],
  ]);
  assertClose(swapped, sum);
  assertClose(merged, sum);
  model.dispose();
});
