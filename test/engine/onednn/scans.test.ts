import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertAgrees, describeNative, normals, runKernel } from './support.ts';

const shapes = [[1], [7], [3, 5], [2, 1, 4], [2, 3, 4, 5], [3, 50, 40]];

describeNative('native scans', () => {
  for (const shape of shapes) {
    it(`[${shape}]`, () => {
      for (const [axis] of shape.entries()) {
        for (const exclusive of [false, true]) {
          for (const reverse of [false, true]) {
            const attributes = { axis, exclusive, reverse };
            for (const name of ['Cumsum', 'Cumprod']) {
              const body = () => runKernel(name, { x: normals('x', shape) }, attributes);
              // The same roundings in the same order.
              assertAgrees(`${name} ${JSON.stringify(attributes)}`, body, { relative: 0, absolute: 0 });
            }
          }
        }
      }
    });
  }

  it('topK', () => {
    for (const shape of [[1], [9], [4, 7], [2, 3, 700]]) {
      for (const k of new Set([1, Math.min(3, shape.at(-1)!), shape.at(-1)!])) {
        // Rounded, so that some are equal.
        const x = () => tf.round(tf.mul(normals('x', shape), 3));
        const body = () => runKernel('TopK', { x: x() }, { k, sorted: true });
        assertAgrees(`${k} of [${shape}]`, body, { relative: 0, absolute: 0 });
      }
    }
    const { values, indices } = tf.topk(tf.tensor1d([1, Number.NaN, 3]), 2);
    assert.deepEqual([...indices.dataSync()], [1, 2]);
    assert.ok(Number.isNaN(values.dataSync()[0]));
    tf.dispose([values, indices]);
  });
});
