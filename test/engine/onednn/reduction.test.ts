import { it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertAgrees, describeNative, normals } from './support.ts';

const shapes: [number[], (number | number[] | undefined)[]][] = [
  [[7], [undefined, 0]],
  [[1], [undefined]],
  [
    [3, 5],
    [undefined, 0, 1, -1],
  ],
  [
    [2, 3, 4, 5],
    [0, 1, 2, 3, [0, 1], [1, 2], [2, 3], [0, 2], [1, 3], [0, 3], [0, 1, 2], [0, 2, 3], undefined],
  ],
  [
    [1, 6, 1, 4],
    [0, [0, 2], [1, 2], -1],
  ],
  // Large enough to be added up in parts, and by several threads.
  [
    [4, 100, 300],
    [undefined, 0, 1, 2, [0, 1], [1, 2]],
  ],
  [
    [1000, 300],
    [0, 1],
  ],
];

describeNative('native reductions', () => {
  for (const [shape, axesList] of shapes) {
    it(`[${shape}]`, () => {
      for (const axes of axesList) {
        for (const keepDims of [false, true]) {
          const what = (name: string) => `${name} over ${JSON.stringify(axes)}`;
          const x = () => normals('x', shape);
          // JavaScript adds in double precision, we in blocks: a few roundings of sums up to 400.
          const sums = { relative: 1e-5, absolute: 1e-4 };
          assertAgrees(what('sum'), () => tf.sum(x(), axes, keepDims), sums);
          assertAgrees(what('mean'), () => tf.mean(x(), axes, keepDims), { relative: 1e-5, absolute: 1e-6 });
          assertAgrees(what('max'), () => tf.max(x(), axes, keepDims), { absolute: 0, relative: 0 });
          assertAgrees(what('min'), () => tf.min(x(), axes, keepDims), { absolute: 0, relative: 0 });
          if (typeof axes !== 'number') continue;
          assertAgrees(what('argMax'), () => tf.argMax(x(), axes));
          assertAgrees(what('argMin'), () => tf.argMin(x(), axes));
        }
      }
    });
  }

  for (const [shape, axesList] of shapes.slice(0, 5)) {
    it(`products and truths of [${shape}]`, () => {
      for (const axes of axesList) {
        for (const keepDims of [false, true]) {
          const what = (name: string) => `${name} over ${JSON.stringify(axes)}`;
          const x = () => normals('x', shape);
          assertAgrees(what('prod'), () => tf.prod(x(), axes, keepDims), { relative: 1e-5, absolute: 0 });
          // Rare, so that any and all are not always true and false.
          for (const limit of [-1.5, 1.5]) {
            const truths = () => tf.greater(x(), limit);
            assertAgrees(what('any'), () => tf.any(truths(), axes, keepDims));
            assertAgrees(what('all'), () => tf.all(truths(), axes, keepDims));
          }
        }
      }
    });
  }

  it('takes the first of equal values', () => {
    const rows = () =>
      tf.tensor2d([
        [1, 3, 3],
        [2, 2, 1],
      ]);
    assertAgrees('argMax', () => tf.argMax(rows(), 1));
    assertAgrees('argMin', () => tf.argMin(rows(), 1));
  });

  it('leaves integers and empty tensors to JavaScript', () => {
    assertAgrees('int32', () => tf.sum(tf.tensor1d([1, 2, 3], 'int32')), { native: false });
    assertAgrees('bool', () => tf.sum(tf.tensor1d([true, false], 'bool')), { native: false });
    assertAgrees('empty', () => tf.sum(tf.zeros([0, 3]), 0), { native: false });
  });
});
