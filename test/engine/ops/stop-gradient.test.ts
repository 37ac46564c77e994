import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { stopGradient } from '../../../src/index.ts';
import { engines } from '../engines.ts';

for (const engine of engines) {
  describe(`stopGradient on ${engine.name}`, () => {
    before(() => engine.use());

    test('is a constant to the backward pass, and the identity otherwise', () => {
      tf.tidy(() => {
        const x = tf.tensor1d([2, -3]);
        assert.deepEqual([...stopGradient(x).dataSync()], [2, -3]);
        // d/dx of x · constant(x²) is x², where that of x³ would be 3 x².
        const gradient = tf.grad((value) => tf.mul(value, stopGradient(tf.square(value))))(x);
        assert.deepEqual([...gradient.dataSync()], [4, 9]);
      });
    });

    test('gives nothing to what is upstream, and computes nothing for it', async () => {
      const [x, y] = [tf.tensor1d([2, -3]), tf.tensor1d([5, 7])];
      const both = (a: tf.Tensor, b: tf.Tensor) => tf.add(tf.mul(stopGradient(tf.exp(a)), b), tf.mul(a, 0));
      const { kernelNames, result } = await tf.profile(() => tf.grads(both)([x, y])[0]!);
      assert.ok((result as tf.Tensor).dataSync().every((value) => value === 0));
      // The derivative of exp is exp, and would multiply by it once more.
      assert.equal(kernelNames.filter((name) => name === 'Exp').length, 1);
      tf.dispose([x, y, result as tf.Tensor]);
    });

    test('copies nothing, and outlives what it was made of', () => {
      const x = tf.tensor([1, 2, 3, 4], [2, 2], 'int32');
      const before = tf.memory();
      const y = stopGradient(x);
      assert.equal(y.dataId, x.dataId);
      assert.equal(tf.memory().numDataBuffers, before.numDataBuffers);
      assert.deepEqual([y.shape, y.dtype], [[2, 2], 'int32']);
      x.dispose();
      assert.deepEqual([...y.dataSync()], [1, 2, 3, 4]);
      y.dispose();
      assert.equal(tf.memory().numTensors, before.numTensors - 1);
    });

    test('a function that is stopped everywhere has no gradient', () => {
      tf.tidy(() => {
        assert.throws(() => tf.grad((value) => stopGradient(value))(tf.scalar(1)), /Cannot compute gradient/);
      });
    });
  });
}
