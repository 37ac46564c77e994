// Padding other than 'same' and 'valid', with dilation and rounding: the same numbers on every engine.

import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { assertClose } from '../support.ts';
import { engines } from './engines.ts';
import { distinctValues } from './finite-differences.ts';

const filled = <R extends tf.Rank>(shape: tf.ShapeMap[R], seed: number) =>
  tf.tensor<R>(distinctValues(tf.util.sizeFromShape(shape), seed), shape);
const image = () => filled<tf.Rank.R4>([2, 7, 6, 2], 1);
const filter = (multiplier: number) => filled<tf.Rank.R4>([3, 2, 2, multiplier], 2);
const uneven: Parameters<typeof tf.conv2d>[3] = [
  [0, 0],
  [2, 1],
  [0, 2],
  [0, 0],
];

const operations: Readonly<Record<string, () => tf.Tensor>> = {
  conv2d: () => tf.conv2d(image(), filter(3), 2, uneven),
  'conv2d, rounded up': () => tf.conv2d(image(), filter(3), 2, 2, 'NHWC', 1, 'ceil'),
  'conv2d, dilated': () => tf.conv2d(image(), filter(3), 1, uneven, 'NHWC', [2, 3]),
  'fused.conv2d': () =>
    tf.fused.conv2d({ x: image(), filter: filter(3), strides: 2, pad: 1, activation: 'relu' }),
  depthwiseConv2d: () => tf.depthwiseConv2d(image(), filter(2), 1, uneven),
  'depthwiseConv2d, dilated': () => tf.depthwiseConv2d(image(), filter(2), 1, uneven, 'NHWC', [3, 2]),
  'depthwiseConv2d, same, dilated': () => tf.depthwiseConv2d(image(), filter(2), 1, 'same', 'NHWC', 2),
  maxPool: () => tf.maxPool(image(), 3, 2, uneven),
  'maxPool, rounded up': () => tf.maxPool(image(), 3, 2, 1, 'ceil'),
  avgPool: () => tf.avgPool(image(), [3, 4], [1, 2], uneven),
};

for (const { name, use } of engines) {
  describe(`padding on ${name}`, () => {
    before(() => use());
    for (const [what, operation] of Object.entries(operations)) {
      test(what, async () => {
        const received = tf.tidy(() => operation().dataSync().slice());
        await useEngine('cpu');
        const expected = tf.tidy(() => operation().dataSync().slice());
        await use();
        assertClose(received, expected, { what });
      });
    }
  });
}
