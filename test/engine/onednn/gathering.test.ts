import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { createRandom, type Random } from '../../../src/random.ts';
import { assertAgrees, describeNative, normals, runKernel } from './support.ts';

type DType = 'float32' | 'int32' | 'bool';

const types: DType[] = ['float32', 'int32', 'bool'];

function typed(shape: number[], dtype: DType): tf.Tensor {
  const x = normals('x', shape);
  return dtype === 'float32' ? x : tf.cast(tf.round(tf.mul(x, 2)), dtype);
}

/** Up to four axes, some of length 1. */
function drawnShape(random: Random, axes = 1 + random.integer(4)): number[] {
  return Array.from({ length: axes }, () => [1, 2, 3, 5, 8][random.integer(5)]!);
}

const drawn = (name: string) => Array.from({ length: 25 }, (_, i) => createRandom(41).stream(`${name}/${i}`));

const exact = { relative: 0, absolute: 0 };

describeNative('native kernels that pick elements', () => {
  for (const dtype of types) {
    it(`reverse of ${dtype}`, () => {
      for (const random of drawn('reverse')) {
        const shape = drawnShape(random);
        const axes = shape.map((_, axis) => axis).filter(() => random.integer(2) === 0);
        const body = () => runKernel('Reverse', { x: typed(shape, dtype) }, { dims: axes });
        assertAgrees(`[${shape}] along [${axes}]`, body, exact);
      }
    });

    it(`mirrorPad of ${dtype}`, () => {
      for (const random of drawn('mirror')) {
        for (const mode of ['reflect', 'symmetric'] as const) {
          const shape = drawnShape(random);
          const most = shape.map((length) => (mode === 'reflect' ? length - 1 : length));
          const paddings = most.map((length) => [random.integer(length + 1), random.integer(length + 1)]);
          const body = () => runKernel('MirrorPad', { x: typed(shape, dtype) }, { paddings, mode });
          assertAgrees(`${mode} [${shape}] by ${JSON.stringify(paddings)}`, body, exact);
        }
      }
    });

    it(`stridedSlice of ${dtype}`, () => {
      for (const random of drawn('stride')) {
        const shape = drawnShape(random);
        const strides = shape.map(() => [1, 1, 2, 3, -1, -2][random.integer(6)]!);
        const begin = shape.map((length, axis) => (strides[axis]! > 0 ? 0 : length - 1));
        const end = shape.map((length, axis) => (strides[axis]! > 0 ? length - random.integer(length) : 0));
        // Down to the first element where the step is backwards.
        const endMask = strides.reduce((mask, stride, axis) => mask + (stride < 0 ? 2 ** axis : 0), 0);
        const body = () => tf.stridedSlice(typed(shape, dtype), begin, end, strides, 0, endMask);
        assertAgrees(`[${shape}] from [${begin}] to [${end}] by [${strides}]`, body, exact);
      }
    });

    it(`gather of ${dtype} along any axis`, () => {
      for (const random of drawn('gather')) {
        const shape = drawnShape(random);
        const axis = random.integer(shape.length);
        const indexShape = drawnShape(random, 1 + random.integer(2));
        const size = tf.util.sizeFromShape(indexShape);
        const indices = Int32Array.from({ length: size }, () => random.integer(shape[axis]!));
        const body = () => tf.gather(typed(shape, dtype), tf.tensor(indices, indexShape, 'int32'), axis);
        assertAgrees(`[${indexShape}] of axis ${axis} of [${shape}]`, body, exact);
      }
    });

    it(`gatherND of ${dtype}`, () => {
      for (const random of drawn('tuples')) {
        const shape = drawnShape(random);
        const axes = 1 + random.integer(shape.length);
        const count = 1 + random.integer(7);
        const tuples = Array.from({ length: count }, () =>
          shape.slice(0, axes).map((length) => random.integer(length)),
        );
        const body = () => tf.gatherND(typed(shape, dtype), tf.tensor2d(tuples, [count, axes], 'int32'));
        assertAgrees(`${JSON.stringify(tuples)} of [${shape}]`, body, exact);
      }
    });

    it(`blocks of ${dtype}`, () => {
      const x = (shape: number[]) => typed(shape, dtype);
      const depth = (shape: number[], block: number) => () =>
        runKernel('DepthToSpace', { x: x(shape) }, { blockSize: block, dataFormat: 'NHWC' });
      assertAgrees('depthToSpace 2', depth([2, 3, 5, 12], 2), exact);
      assertAgrees('depthToSpace 3', depth([1, 1, 2, 9], 3), exact);
      const spaces: [number[], number[], [number, number][]][] = [
        [
          [2, 4, 6, 3],
          [2, 3],
          [
            [0, 0],
            [0, 0],
          ],
        ],
        [
          [1, 3, 5, 2],
          [2, 2],
          [
            [1, 0],
            [0, 1],
          ],
        ],
        [[3, 5], [3], [[0, 1]]],
        [[2, 4, 1, 2, 2], [2], [[2, 0]]],
      ];
      for (const [shape, blockShape, paddings] of spaces) {
        const there = () => runKernel('SpaceToBatchND', { x: x(shape) }, { blockShape, paddings });
        assertAgrees(`spaceToBatch of [${shape}]`, there, exact);
        const back = () =>
          runKernel('BatchToSpaceND', { x: there() as tf.Tensor }, { blockShape, crops: paddings });
        assertAgrees(`batchToSpace to [${shape}]`, back, exact);
      }
    });
  }

  it('flipLeftRight', () => {
    for (const shape of [
      [2, 3, 5, 3],
      [1, 4, 1, 2],
    ] as [number, number, number, number][]) {
      assertAgrees(`[${shape}]`, () => tf.image.flipLeftRight(normals('x', shape) as tf.Tensor4D), exact);
    }
  });

  it('scatterND, with values that meet', () => {
    for (const random of drawn('scatter')) {
      const shape = drawnShape(random);
      const axes = 1 + random.integer(shape.length);
      const count = 1 + random.integer(7);
      const tuples = Array.from({ length: count }, () =>
        shape.slice(0, axes).map((length) => random.integer(length)),
      );
      const body = () =>
        tf.scatterND(
          tf.tensor2d(tuples, [count, axes], 'int32'),
          normals('updates', [count, ...shape.slice(axes)]),
          shape,
        );
      assertAgrees(`${JSON.stringify(tuples)} of [${shape}]`, body);
    }
  });

  it('stridedSlice with masks', () => {
    const x = () => normals('x', [4, 5, 6]);
    assertAgrees('ellipsis', () => tf.stridedSlice(x(), [1, 0], [3, 6], [1, 2], 0, 0, 1), exact);
    assertAgrees('new axis', () => tf.stridedSlice(x(), [0, 0, 1], [0, 4, 5], [1, 2, 2], 0, 0, 0, 1), exact);
    assertAgrees(
      'an axis dropped',
      () => tf.stridedSlice(x(), [1, 2, 0], [4, 3, 6], [1, 1, 1], 0, 0, 0, 0, 2),
      exact,
    );
    const stepped = () => tf.stridedSlice(x(), [1, 2, 0], [4, 3, 6], [1, 1, 2], 0, 0, 0, 0, 2);
    assertAgrees('a step, and an axis dropped', stepped, { native: false, ...exact });
    assertAgrees('nothing', () => tf.stridedSlice(x(), [2, 0, 0], [2, 5, 6], [1, 1, 1]), { native: false });
  });

  it('refuse indices out of range', () => {
    const x = () => normals('x', [3, 4]);
    assert.throws(() => tf.gather(x(), tf.tensor1d([4], 'int32'), 1), /index value 4/);
    assert.throws(() => tf.gatherND(x(), tf.tensor2d([[3, 0]], [1, 2], 'int32')), /out of range/);
    assert.throws(
      () => tf.scatterND(tf.tensor2d([[5]], [1, 1], 'int32'), tf.tensor1d([1]), [5]),
      /out of range/,
    );
  });
});
