import { it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertAgrees, describeNative, normals, runKernel } from './support.ts';

interface Case {
  readonly x: [number, number, number, number];
  readonly filterSize: [number, number];
  readonly strides: [number, number];
  readonly pad: 'same' | 'valid' | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

const cases: Case[] = [
  { x: [2, 8, 8, 3], filterSize: [2, 2], strides: [2, 2], pad: 'valid' },
  { x: [2, 7, 9, 5], filterSize: [3, 3], strides: [2, 2], pad: 'same' },
  { x: [1, 6, 5, 1], filterSize: [3, 2], strides: [1, 1], pad: 'same' },
  { x: [2, 8, 8, 70], filterSize: [3, 3], strides: [1, 1], pad: 'same' },
  { x: [2, 7, 7, 4], filterSize: [3, 3], strides: [2, 2], pad: 1, dimRoundingMode: 'floor' },
  { x: [2, 8, 8, 4], filterSize: [3, 3], strides: [2, 2], pad: 1, dimRoundingMode: 'ceil' },
  { x: [2, 8, 6, 4], filterSize: [2, 2], strides: [3, 3], pad: 0, dimRoundingMode: 'round' },
  { x: [1, 4, 4, 2], filterSize: [4, 4], strides: [4, 4], pad: 'valid' },
  { x: [16, 12, 12, 64], filterSize: [3, 3], strides: [2, 2], pad: 'same' },
  // Vectors and what they leave; gaps between windows; images in several bands.
  { x: [3, 9, 11, 17], filterSize: [2, 3], strides: [3, 4], pad: 'valid' },
  { x: [1, 5, 70, 45], filterSize: [5, 5], strides: [1, 2], pad: 'same' },
  { x: [1, 70, 40, 17], filterSize: [3, 3], strides: [2, 2], pad: 'same' },
  { x: [1, 64, 33, 3], filterSize: [4, 2], strides: [1, 1], pad: 'valid' },
  { x: [1, 48, 40, 1], filterSize: [3, 5], strides: [3, 1], pad: 2, dimRoundingMode: 'floor' },
];

interface VolumeCase {
  readonly x: [number, number, number, number, number];
  readonly filterSize: [number, number, number];
  readonly strides: [number, number, number];
  readonly pad: 'same' | 'valid' | number;
}

const volumes: VolumeCase[] = [
  { x: [2, 4, 6, 8, 3], filterSize: [2, 2, 2], strides: [2, 2, 2], pad: 'valid' },
  { x: [2, 5, 7, 6, 4], filterSize: [3, 3, 3], strides: [2, 2, 2], pad: 'same' },
  { x: [1, 3, 6, 5, 70], filterSize: [2, 3, 1], strides: [1, 1, 1], pad: 'same' },
  { x: [1, 1, 6, 5, 2], filterSize: [1, 2, 2], strides: [1, 2, 2], pad: 'same' },
  { x: [2, 6, 1, 1, 5], filterSize: [3, 1, 1], strides: [3, 1, 1], pad: 'valid' },
  { x: [1, 5, 5, 5, 3], filterSize: [3, 3, 3], strides: [2, 2, 2], pad: 1 },
  { x: [1, 26, 12, 12, 5], filterSize: [3, 3, 3], strides: [2, 2, 2], pad: 'same' },
  { x: [1, 1, 20, 60, 2], filterSize: [3, 3, 3], strides: [1, 1, 1], pad: 'same' },
];

describeNative('native pooling', () => {
  for (const { x, ...attributes } of cases) {
    it(`[${x}], ${JSON.stringify(attributes)}`, () => {
      const { outShape } = tf.backend_util.computePool2DInfo(
        x,
        attributes.filterSize,
        attributes.strides,
        1,
        attributes.pad,
        attributes.dimRoundingMode,
      );
      const input = () => normals('x', x);
      const dy = () => normals('dy', outShape);
      const maximum = () => runKernel('MaxPool', { x: input() }, attributes);
      assertAgrees('MaxPool', maximum, { absolute: 0, relative: 0 });
      assertAgrees('AvgPool', () => runKernel('AvgPool', { x: input() }, attributes));
      const maximumGrad = () => {
        const output = maximum() as tf.Tensor;
        return runKernel('MaxPoolGrad', { dy: dy(), input: input(), output }, attributes);
      };
      assertAgrees('MaxPoolGrad', maximumGrad);
      if (attributes.dimRoundingMode === undefined || attributes.dimRoundingMode === 'floor') {
        const averageGrad = () => runKernel('AvgPoolGrad', { dy: dy(), input: input() }, attributes);
        assertAgrees('AvgPoolGrad', averageGrad);
      }
    });
  }

  for (const { x, ...attributes } of volumes) {
    it(`[${x}], ${JSON.stringify(attributes)}`, () => {
      const { outShape } = tf.backend_util.computePool3DInfo(
        x,
        attributes.filterSize,
        attributes.strides,
        1,
        attributes.pad,
      );
      const input = () => normals('x', x);
      const dy = () => normals('dy', outShape);
      const maximum = () => runKernel('MaxPool3D', { x: input() }, attributes);
      assertAgrees('MaxPool3D', maximum, { absolute: 0, relative: 0 });
      assertAgrees('AvgPool3D', () => runKernel('AvgPool3D', { x: input() }, attributes));
      const maximumGrad = () => {
        const output = maximum() as tf.Tensor;
        return runKernel('MaxPool3DGrad', { dy: dy(), input: input(), output }, attributes);
      };
      assertAgrees('MaxPool3DGrad', maximumGrad);
      const averageGrad = () => runKernel('AvgPool3DGrad', { dy: dy(), input: input() }, attributes);
      assertAgrees('AvgPool3DGrad', averageGrad);
    });
  }
  it('returns its input where windows of one pixel leave the shape as it is, as tfjs does', () => {
    const x = () => normals('x', [1, 2, 2, 3]) as tf.Tensor4D;
    const either = { relative: 0, absolute: 0, native: false };
    for (const [stride, padding] of [
      [1, 0],
      [2, 1],
    ] as const) {
      assertAgrees('maxPool', () => tf.maxPool(x(), 1, stride, padding), either);
      assertAgrees('avgPool', () => tf.avgPool(x(), 1, stride, padding), either);
    }
  });

  it('gives the gradient to the first of equal values, and to negative ones', () => {
    const input = () => tf.tensor4d([-1, -1, -2, -3, 0, 0, 0, 0], [2, 2, 2, 1]);
    const attributes = { filterSize: [2, 2], strides: [2, 2], pad: 'valid' };
    const dy = () => tf.tensor4d([5, 7], [2, 1, 1, 1]);
    const output = () => tf.maxPool(input(), 2, 2, 'valid');
    const body = () => runKernel('MaxPoolGrad', { dy: dy(), input: input(), output: output() }, attributes);
    assertAgrees('MaxPoolGrad', body);
  });
});
