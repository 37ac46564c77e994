import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { stopGradient } from '../../../src/engine/ops/stop-gradient.ts';
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

    test('a function that is stopped everywhere has no gradient', () => {
      tf.tidy(() => {
        assert.throws(() => tf.grad((value) => stopGradient(value))(tf.scalar(1)), /Cannot compute gradient/);
      });
    });
  });
}
