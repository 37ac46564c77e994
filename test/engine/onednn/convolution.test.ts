import { it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertAgrees, describeNative, normals, runKernel } from './support.ts';

interface Case {
  readonly x: [number, number, number, number];
  /** Height, width, outputs. */
  readonly filter: [number, number, number];
  readonly strides?: [number, number];
  readonly pad?: 'same' | 'valid' | [[0, 0], [number, number], [number, number], [0, 0]];
  readonly dilations?: [number, number];
}

const cases: Case[] = [
  { x: [2, 7, 9, 3], filter: [3, 3, 8] },
  { x: [2, 7, 9, 3], filter: [3, 3, 8], strides: [2, 2] },
  { x: [1, 8, 6, 16], filter: [2, 3, 16], strides: [2, 1], pad: 'valid' },
  { x: [2, 6, 6, 4], filter: [1, 1, 5] },
  { x: [2, 6, 6, 8], filter: [1, 1, 16], strides: [2, 2] },
  { x: [2, 8, 8, 4], filter: [1, 1, 6], strides: [2, 2] },
  { x: [2, 8, 8, 34], filter: [1, 1, 6] },
  { x: [2, 3, 3, 40], filter: [1, 1, 12] },
  { x: [2, 8, 8, 16], filter: [1, 1, 24], strides: [2, 2] },
  { x: [1, 5, 5, 1], filter: [4, 4, 1] },
  { x: [1, 1, 1, 8], filter: [3, 3, 8] },
  { x: [2, 8, 8, 3], filter: [7, 7, 8], strides: [2, 2] },
  {
    x: [2, 7, 6, 3],
    filter: [3, 3, 4],
    strides: [2, 2],
    pad: [
      [0, 0],
      [1, 2],
      [0, 3],
      [0, 0],
    ],
  },
  // Few pixels and many channels; many pixels and few channels; wide channels: other paths of the native code.
  { x: [4, 2, 2, 64], filter: [3, 3, 64] },
  { x: [4, 2, 2, 64], filter: [3, 3, 64], strides: [2, 2] },
  { x: [1, 64, 64, 8], filter: [3, 3, 16] },
  { x: [2, 4, 4, 32], filter: [3, 3, 40] },
  { x: [3, 12, 12, 32], filter: [3, 3, 16] },
  { x: [1, 12, 12, 64], filter: [3, 3, 64] },
  { x: [1, 16, 16, 64], filter: [3, 3, 64] },
  { x: [1, 8, 8, 256], filter: [3, 3, 8] },
  { x: [2, 12, 11, 16], filter: [2, 3, 24] },
  { x: [1, 12, 13, 3], filter: [5, 3, 16], pad: 'valid' },
  {
    x: [1, 10, 11, 8],
    filter: [3, 3, 8],
    pad: [
      [0, 0],
      [4, 0],
      [1, 3],
      [0, 0],
    ],
  },
  // Few pixels: products of matrices, of the image as it lies where the filter is of one pixel.
  { x: [3, 2, 2, 24], filter: [3, 3, 16] },
  { x: [2, 3, 3, 17], filter: [3, 1, 33] },
  { x: [2, 3, 2, 40], filter: [1, 1, 9] },
  // A column of taps, and a row.
  { x: [2, 7, 7, 32], filter: [7, 1, 16] },
  { x: [2, 7, 7, 16], filter: [1, 7, 32] },
];

const dilated: Case[] = [
  { x: [2, 9, 8, 3], filter: [3, 3, 8], dilations: [2, 2] },
  { x: [2, 9, 8, 4], filter: [3, 2, 4], dilations: [2, 3], pad: 'valid' },
];

const attributesOf = ({ strides = [1, 1], pad = 'same', dilations = [1, 1] }: Case) => {
  return { strides, pad, dilations, dataFormat: 'NHWC' };
};

/** Sums of up to a few thousand products, in another order than JavaScript's. */
const tolerance = { relative: 1e-4, absolute: 1e-4 };

describeNative('native convolutions', () => {
  for (const [index, one] of [...cases, ...dilated].entries()) {
    const [height, width, outputs] = one.filter;
    const inputs = one.x[3];
    it(`forward ${index}: ${JSON.stringify(one)}`, () => {
      const operands = () => ({
        x: normals('x', one.x),
        filter: normals('filter', [height, width, inputs, outputs]),
      });
      const attributes = attributesOf(one);
      assertAgrees('Conv2D', () => runKernel('Conv2D', operands(), attributes), tolerance);
      for (const activation of ['linear', 'relu']) {
        const fused = () => {
          const bias = normals('bias', [outputs]);
          return runKernel('FusedConv2D', { ...operands(), bias }, { ...attributes, activation });
        };
        assertAgrees(`FusedConv2D ${activation}`, fused, tolerance);
      }
    });
  }

  for (const [index, one] of cases.entries()) {
    const [height, width, outputs] = one.filter;
    const filterShape: [number, number, number, number] = [height, width, one.x[3], outputs];
    const { strides, pad } = attributesOf(one);
    const { outShape } = tf.backend_util.computeConv2DInfo(one.x, filterShape, strides, 1, pad);
    it(`gradients ${index}: ${JSON.stringify(one)}`, () => {
      const shared = { strides, pad, dataFormat: 'NHWC' };
      const backpropInput = () =>
        runKernel(
          'Conv2DBackpropInput',
          { dy: normals('dy', outShape), filter: normals('filter', filterShape) },
          { ...shared, inputShape: one.x },
        );
      const backpropFilter = () =>
        runKernel(
          'Conv2DBackpropFilter',
          { x: normals('x', one.x), dy: normals('dy', outShape) },
          { ...shared, filterShape },
        );
      assertAgrees('Conv2DBackpropInput', backpropInput, tolerance);
      assertAgrees('Conv2DBackpropFilter', backpropFilter, tolerance);
    });
  }

  for (const [channels, multiplier] of [
    [3, 1],
    [16, 1],
    [4, 2],
    [8, 3],
  ] as const) {
    for (const strides of [
      [1, 1],
      [2, 2],
    ] as const) {
      it(`depthwise ${channels} × ${multiplier}, stride ${strides[0]}`, () => {
        const xShape: [number, number, number, number] = [2, 7, 8, channels];
        const filterShape: [number, number, number, number] = [3, 3, channels, multiplier];
        const attributes = {
          strides: [...strides],
          pad: 'same',
          dilations: [1, 1],
          dimRoundingMode: undefined,
        };
        const { outShape } = tf.backend_util.computeConv2DInfo(
          xShape,
          filterShape,
          [...strides],
          1,
          'same',
          undefined,
          true,
        );
        const x = () => normals('x', xShape);
        const filter = () => normals('filter', filterShape);
        const dy = () => normals('dy', outShape);
        const kernel = (name: string, inputs: () => object, more: object = {}) =>
          assertAgrees(name, () => runKernel(name, inputs(), { ...attributes, ...more }), tolerance);
        kernel('DepthwiseConv2dNative', () => ({ x: x(), filter: filter() }));
        kernel('FusedDepthwiseConv2D', () => ({ x: x(), filter: filter() }), { activation: 'relu' });
        kernel('DepthwiseConv2dNativeBackpropInput', () => ({ dy: dy(), filter: filter() }), {
          inputShape: xShape,
        });
        kernel('DepthwiseConv2dNativeBackpropFilter', () => ({ x: x(), dy: dy() }), { filterShape });
      });
    }
  }

  it('with every fused activation', () => {
    const activations = ['elu', 'relu6', 'sigmoid', 'leakyrelu'];
    const attributes = { strides: [1, 1], pad: 'same', dilations: [1, 1], dataFormat: 'NHWC' };
    const x = () => normals('image', [1, 6, 6, 3]);
    for (const activation of activations) {
      for (const [name, outputs] of [
        ['FusedConv2D', 4],
        ['FusedDepthwiseConv2D', 2],
      ] as const) {
        const inputs = () => ({ x: x(), filter: normals('filter', [3, 3, 3, outputs]) });
        const body = () => runKernel(name, inputs(), { ...attributes, activation, leakyreluAlpha: 0.2 });
        assertAgrees(`${name}, ${activation}`, body, tolerance);
      }
    }
  });

  it('leaves to JavaScript what oneDNN does otherwise', () => {
    const x = () => normals('x', [1, 3, 6, 6]) as tf.Tensor4D;
    const filter = () => normals('filter', [3, 3, 3, 4]) as tf.Tensor4D;
    assertAgrees('NCHW', () => tf.conv2d(x(), filter(), 1, 'valid', 'NCHW'), { ...tolerance, native: false });
    const image = () => normals('image', [1, 6, 6, 3]) as tf.Tensor4D;
    const transposed = () => normals('transposed', [3, 3, 4, 3]) as tf.Tensor4D;
    const smaller = () => tf.conv2dTranspose(image(), transposed(), [1, 4, 4, 4], 1, 'same');
    assertAgrees('a transposed one to another size', smaller, { ...tolerance, native: false });
    const leaky = () =>
      runKernel(
        'FusedConv2D',
        { x: image(), filter: filter(), preluActivationWeights: normals('alpha', [4]) },
        { strides: [1, 1], pad: 'same', dilations: [1, 1], dataFormat: 'NHWC', activation: 'prelu' },
      );
    assertAgrees('prelu', leaky, { ...tolerance, native: false });
    const empty = () => tf.conv2d(tf.zeros<tf.Rank.R4>([0, 6, 6, 3]), filter(), 1, 'same');
    assertAgrees('an empty batch', empty, { native: false });
  });
});
