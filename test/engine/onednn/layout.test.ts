import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertAgrees, describeNative, normals, runKernel } from './support.ts';

type DType = 'float32' | 'int32' | 'bool';

const types: DType[] = ['float32', 'int32', 'bool'];

function typed(name: string, shape: number[], dtype: DType): tf.Tensor {
  if (dtype === 'float32') return normals(name, shape);
  return tf.cast(tf.round(tf.mul(normals(name, shape), 2)), dtype);
}

describeNative('native kernels that move elements', () => {
  for (const dtype of types) {
    it(`concat, stack, split, unstack of ${dtype}`, () => {
      const of = (name: string, shape: number[]) => typed(name, shape, dtype);
      for (const axis of [0, 1, 2, -1]) {
        const shape = (length: number) => [3, 4, 5].with(axis, length);
        const parts = () => [of('a', shape(2)), of('b', shape(1)), of('c', shape(6))];
        assertAgrees(`concat ${axis}`, () => tf.concat(parts(), axis));
        assertAgrees(`stack ${axis}`, () => tf.stack([of('a', [3, 4]), of('b', [3, 4])], axis));
        assertAgrees(`unstack ${axis}`, () => tf.unstack(of('a', [3, 4, 5]), axis));
        assertAgrees(`split ${axis}`, () => tf.split(of('a', [6, 6, 6]), 3, axis));
        assertAgrees(`split unequally ${axis}`, () => tf.split(of('a', [6, 6, 6]), [1, 3, 2], axis));
      }
    });

    it(`slice and pad of ${dtype}`, () => {
      const x = () => typed('x', [4, 5, 6], dtype);
      for (const [begin, size] of [
        [
          [0, 0, 0],
          [4, 5, 6],
        ],
        [
          [1, 0, 0],
          [2, 5, 6],
        ],
        [
          [1, 2, 3],
          [3, 1, 2],
        ],
        [
          [0, 4, 0],
          [4, 1, 6],
        ],
        [
          [3, 4, 5],
          [1, 1, 1],
        ],
      ] as const) {
        assertAgrees(`slice ${begin}`, () => tf.slice(x(), [...begin], [...size]));
      }
      for (const paddings of [
        [
          [0, 0],
          [0, 0],
          [0, 0],
        ],
        [
          [1, 2],
          [0, 0],
          [0, 0],
        ],
        [
          [0, 1],
          [2, 0],
          [0, 3],
        ],
        [
          [0, 0],
          [1, 1],
          [0, 0],
        ],
      ] as [number, number][][]) {
        for (const value of dtype === 'bool' ? [0, 1] : [0, -3]) {
          const body = () => tf.pad(x(), paddings, value);
          assertAgrees(`pad ${JSON.stringify(paddings)} with ${value}`, body);
        }
      }
    });

    it(`transpose, tile, broadcast, gather of ${dtype}`, () => {
      const x = (shape: number[]) => typed('x', shape, dtype);
      const permutations = [
        [0, 1, 2, 3],
        [3, 2, 1, 0],
        [0, 3, 1, 2],
        [0, 2, 3, 1],
        [1, 0, 2, 3],
        [2, 3, 0, 1],
      ];
      for (const permutation of permutations) {
        for (const shape of [
          [2, 3, 4, 5],
          [1, 20, 1, 33],
          [2, 17, 19, 18],
        ]) {
          assertAgrees(`transpose ${permutation}`, () => tf.transpose(x(shape), permutation));
        }
      }
      assertAgrees('transpose a matrix', () => tf.transpose(x([70, 40])));
      const repeats = [
        [1, 1, 1],
        [2, 3, 1],
        [1, 1, 4],
        [3, 1, 2],
      ];
      for (const repeat of repeats) {
        assertAgrees(`tile ${repeat}`, () => tf.tile(x([2, 3, 1]), repeat));
        assertAgrees(`tile ${repeat}`, () => tf.tile(x([2, 3, 4]), repeat));
      }
      // The last index is out of order and twice.
      const rows = () => tf.tensor2d([3, 0, 3, 1], [2, 2], 'int32');
      assertAgrees('gather', () => tf.gather(x([4, 2, 3]), rows()));
    });

    it(`oneHot as ${dtype}`, () => {
      const labels = () => tf.tensor1d([2, 0, -1, 3, 1], 'int32');
      const attributes = { depth: 3, onValue: 1, offValue: 0, dtype };
      assertAgrees('OneHot', () => runKernel('OneHot', { indices: labels() }, attributes));
    });
  }

  it('BroadcastTo', () => {
    for (const [from, to] of [
      [[3], [2, 3]],
      [
        [2, 1, 4],
        [2, 3, 4],
      ],
      [
        [2, 3, 1],
        [2, 3, 4],
      ],
      [[], [2, 2]],
      [
        [1, 3, 1, 1],
        [2, 3, 4, 5],
      ],
    ] as const) {
      const body = () => runKernel('BroadcastTo', { x: normals('x', from) }, { shape: [...to] });
      assertAgrees(`${from} to ${to}`, body);
    }
  });

  it('leaves empty results to JavaScript', () => {
    const empty = { native: false };
    assertAgrees('slice', () => tf.slice(normals('x', [3, 4]), [0, 0], [0, 4]), empty);
    assertAgrees('concat', () => tf.concat([tf.zeros([0, 2]), normals('x', [3, 2])], 0), empty);
    assertAgrees('split', () => tf.split(normals('x', [3, 2]), [0, 3], 0), empty);
  });

  it('gather refuses an index out of range in the words of tfjs', () => {
    for (const index of [3, -1]) {
      const body = () => tf.gather(normals('x', [3, 2]), tf.tensor1d([index], 'int32'));
      assert.throws(body, { message: `GatherV2: the index value ${index} is not in [0, 2]` });
    }
  });
});
