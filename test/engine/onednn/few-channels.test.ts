// Convolutions of images, and the last ones of segmenters, whose larger side is stored as bfloat16.

import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { storeHalves } from '../../../src/engine/onednn/half.ts';
import { relativeToMaximum } from '../../support.ts';
import {
  describeNative,
  nativeBackend,
  normals,
  roundedNormals,
  runKernel,
  storedAsHalf,
} from './support.ts';

interface Case {
  readonly x: readonly [number, number, number, number];
  readonly filter: readonly [number, number, number, number];
  readonly strides?: number;
  readonly dilations?: number;
  readonly pad?: 'same' | 'valid';
}

const images: readonly Case[] = [
  { x: [2, 12, 16, 1], filter: [3, 3, 1, 16] },
  { x: [3, 13, 11, 1], filter: [5, 5, 1, 48] },
  { x: [1, 1, 5, 1], filter: [3, 3, 1, 16] },
  { x: [2, 11, 13, 3], filter: [3, 3, 3, 32], strides: 2, pad: 'valid' },
  { x: [2, 10, 9, 2], filter: [2, 3, 2, 16], strides: 2 },
  { x: [2, 12, 11, 1], filter: [3, 3, 1, 16], dilations: 2 },
  { x: [2, 9, 7, 4], filter: [1, 1, 4, 32] },
  { x: [2, 12, 16, 3], filter: [7, 7, 3, 64], strides: 2 },
];
const endings: readonly Case[] = [
  { x: [2, 12, 10, 16], filter: [1, 1, 16, 2] },
  { x: [3, 7, 9, 48], filter: [1, 1, 48, 4] },
  { x: [2, 7, 9, 32], filter: [1, 1, 32, 1] },
  { x: [2, 7, 9, 32], filter: [1, 1, 32, 7] },
];

const attributesOf = ({ strides = 1, dilations = 1, pad = 'same' }: Case) => ({
  strides: [strides, strides],
  dilations: [dilations, dilations],
  pad,
  dataFormat: 'NHWC',
});

/** What `body` gives with tensors stored as bfloat16, and without. */
function bothWays(body: (store: (name: string, shape: readonly number[]) => tf.Tensor) => tf.Tensor): {
  halves: Float32Array;
  floats: Float32Array;
  isHalf: boolean;
} {
  const floats = tf.tidy(() => body((name, shape) => tf.tensor(roundedNormals(name, shape), [...shape])));
  storeHalves(true);
  try {
    const halves = tf.tidy(() => body((name, shape) => storedAsHalf(roundedNormals(name, shape), shape)));
    const isHalf = nativeBackend().halves(halves) !== undefined;
    return { halves: halves.dataSync() as Float32Array, floats: floats.dataSync() as Float32Array, isHalf };
  } finally {
    storeHalves(false);
  }
}

const exact = 1e-5;
const rounded = 2 ** -8;

function outputShape(one: Case): number[] {
  const { strides = 1, dilations = 1, pad = 'same' } = one;
  const x = [...one.x] as [number, number, number, number];
  const filter = [...one.filter] as [number, number, number, number];
  return tf.backend_util.computeConv2DInfo(x, filter, strides, dilations, pad).outShape;
}

describeNative('convolutions of few channels', () => {
  after(() => storeHalves(false));

  for (const one of images) {
    const { strides = 1, dilations = 1 } = one;
    const name = `[${one.x}] by [${one.filter}], strides ${strides}, dilations ${dilations}`;

    for (const activation of ['relu', 'linear']) {
      it(`${name}, ${activation}: the images are not rounded, the result is`, () => {
        const result = bothWays(() => {
          const [x, filter] = [normals('x', one.x), normals('filter', one.filter)];
          const bias = activation === 'relu' ? { bias: normals('bias', one.filter.slice(-1)) } : {};
          const attributes = { ...attributesOf(one), activation };
          return runKernel('FusedConv2D', { x, filter, ...bias }, attributes) as tf.Tensor;
        });
        assert.ok(result.isHalf);
        for (const [index, value] of result.floats.entries()) {
          const difference = Math.abs(result.halves[index]! - value);
          assert.ok(difference <= rounded * Math.abs(value) + exact, `${result.halves[index]}, not ${value}`);
        }
      });
    }

    it(`${name}: the gradient of the filter`, () => {
      const attributes = { ...attributesOf(one), filterShape: one.filter };
      const result = bothWays((store) => {
        const [x, dy] = [normals('x', one.x), store('dy', outputShape(one))];
        return runKernel('Conv2DBackpropFilter', { x, dy }, attributes) as tf.Tensor;
      });
      assert.ok(!result.isHalf);
      assert.ok(relativeToMaximum(result.halves, result.floats) < exact);
    });

    it(`${name}: the gradient of the images`, () => {
      const attributes = { ...attributesOf(one), inputShape: one.x };
      const result = bothWays((store) => {
        const [dy, filter] = [store('dy', outputShape(one)), normals('filter', one.filter)];
        return runKernel('Conv2DBackpropInput', { dy, filter }, attributes) as tf.Tensor;
      });
      assert.ok(!result.isHalf);
      assert.ok(relativeToMaximum(result.halves, result.floats) < exact);
    });
  }

  for (const one of endings) {
    it(`[${one.x}] by [${one.filter}]: the gradient of the filter of few outputs`, () => {
      const attributes = { ...attributesOf(one), filterShape: one.filter };
      const result = bothWays((store) => {
        const [x, dy] = [store('x', one.x), normals('dy', outputShape(one))];
        return runKernel('Conv2DBackpropFilter', { x, dy }, attributes) as tf.Tensor;
      });
      assert.ok(relativeToMaximum(result.halves, result.floats) < exact);
    });
  }
});
