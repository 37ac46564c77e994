import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertAgrees, describeNative, normals, runKernel } from './support.ts';

interface Case {
  readonly x: [number, number, number, number];
  readonly filterSize: number;
  readonly strides: number;
  readonly pad: 'same' | 'valid';
}

const cases: Case[] = [
  { x: [2, 8, 6, 3], filterSize: 2, strides: 2, pad: 'valid' },
  { x: [2, 7, 5, 70], filterSize: 2, strides: 2, pad: 'valid' },
  { x: [3, 7, 5, 1], filterSize: 3, strides: 2, pad: 'same' },
  { x: [1, 1, 1, 2], filterSize: 1, strides: 1, pad: 'valid' },
];

describeNative('native max-pooling with indices, and unpooling', () => {
  for (const { x, ...attributes } of cases) {
    it(`[${x}], ${JSON.stringify(attributes)}`, () => {
      const pooled = (includeBatchInIndex: boolean) =>
        runKernel(
          'MaxPoolWithArgmax',
          { x: normals('x', x) },
          { ...attributes, includeBatchInIndex },
        ) as tf.Tensor[];
      for (const batch of [false, true]) {
        assertAgrees(`with the batch: ${batch}`, () => pooled(batch), { relative: 0, absolute: 0 });
      }
      const size = [x[1], x[2]];
      const unpooled = () => {
        const [values, indices] = pooled(false);
        return runKernel('MaxUnpool', { x: values, indices }, { size });
      };
      assertAgrees('MaxUnpool', unpooled);
      const gradient = () => runKernel('MaxUnpoolGrad', { dy: normals('dy', x), indices: pooled(false)[1] });
      assertAgrees('MaxUnpoolGrad', gradient);
    });
  }

  it('adds values that meet, and leaves out what has no place', () => {
    const run = () => {
      const indices = tf.tensor4d([1, 1, -1, 0], [1, 1, 4, 1], 'int32');
      return runKernel(
        'MaxUnpool',
        { x: tf.tensor4d([1, 2, 4, 8], [1, 1, 4, 1]), indices },
        { size: [1, 3] },
      );
    };
    assertAgrees('MaxUnpool', run);
    assert.deepEqual([...tf.tidy(() => (run() as tf.Tensor).dataSync())], [8, 3, 0]);
  });

  it('refuses an index outside of its image, in JavaScript too', () => {
    const run = () =>
      tf.tidy(() => {
        const indices = tf.tensor4d([4], [1, 1, 1, 1], 'int32');
        return runKernel('MaxUnpool', { x: tf.zeros([1, 1, 1, 1]), indices }, { size: [2, 2] });
      });
    for (const engine of ['cpu', 'onednn']) {
      tf.setBackend(engine);
      assert.throws(run, /index 4 is not in an image of 4 elements/);
    }
  });
});
