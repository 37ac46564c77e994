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
