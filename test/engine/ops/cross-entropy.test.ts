import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { sparseCrossEntropy } from '../../../src/engine/ops/cross-entropy.ts';
import { assertClose, noTensorLeak } from '../../support.ts';
import { engines } from '../engines.ts';

/** Loss and gradient in float64 of two logits, the label's `margin` above the other. */
function ofMargin(margin: number) {
  const wrong = 1 / (1 + Math.exp(margin));
  return { loss: Math.log1p(Math.exp(-margin)), gradient: [-wrong, wrong] };
}

const total = (labels: tf.Tensor) => (logits: tf.Tensor) => sparseCrossEntropy(logits, labels).sum();

for (const engine of engines) {
  describe(`sparseCrossEntropy on ${engine.name}`, () => {
    before(() => engine.use());

    for (const margin of [0, 10, 20, 80, -20, -80]) {
      test(`loss and gradient at margin ${margin} keep six digits`, () => {
        tf.tidy(() => {
          const logits = tf.tensor2d([[3 + margin, 3]]);
          const labels = tf.tensor1d([0], 'int32');
          const expected = ofMargin(margin);
          // The relative rounding of exp in float32 grows with its argument: 80 · 6e-8.
          const precision = { relative: 1e-5, absolute: 0 };
          assertClose(sparseCrossEntropy(logits, labels).dataSync(), [expected.loss], precision);
          assertClose(tf.grad(total(labels))(logits).dataSync(), expected.gradient, precision);
        });
      });
    }

    test('the gradient of a row sums to zero and is softmax − oneHot', () => {
      tf.tidy(() => {
        const logits = tf.tensor2d([
          [0.3, -1.2, 2.1],
          [4, 0.5, -0.7],
        ]);
        const labels = tf.tensor1d([2, 1], 'int32');
        const gradient = tf.grad(total(labels))(logits);
        const expected = tf.sub(tf.softmax(logits), tf.oneHot(labels, 3));
        assertClose(gradient.dataSync(), expected.dataSync());
        assertClose(gradient.sum(1).dataSync(), [0, 0]);
      });
    });

    test('labels out of range have loss 0 and gradient 0, whatever the logits', () => {
      tf.tidy(() => {
        const logits = tf.tensor2d([
          [50, -50, 0],
          [1, 2, 3],
          [1, 2, 3],
        ]);
        const labels = tf.tensor1d([-1, 3, 1], 'int32');
        const [first, second, third] = sparseCrossEntropy(logits, labels).dataSync();
        assert.deepEqual([first, second], [0, 0]);
        assert.ok(third! > 1);
        const gradient = tf.grad(total(labels))(logits).dataSync();
        assert.ok(gradient.slice(0, 6).every((value) => value === 0));
        assert.ok(gradient.slice(6).every((value) => value !== 0));
      });
    });

    test('has the shape of the labels and scales with the upstream gradient', () => {
      tf.tidy(() => {
        const logits = tf.reshape(tf.linspace(-1, 1, 24), [2, 2, 2, 3]);
        const labels = tf.tensor3d(
          [
            [
              [0, 1],
              [2, -1],
            ],
            [
              [1, 1],
              [0, 2],
            ],
          ],
          [2, 2, 2],
          'int32',
        );
        assert.deepEqual(sparseCrossEntropy(logits, labels).shape, [2, 2, 2]);
        const weights = tf.reshape(tf.range(1, 9), [2, 2, 2]);
        const one = tf.grad((z) => sparseCrossEntropy(z, labels))(logits);
        const weighted = tf.grad((z) => sparseCrossEntropy(z, labels))(logits, weights);
        assertClose(weighted.dataSync(), tf.mul(one, tf.expandDims(weights, 3)).dataSync());
      });
    });

    test('one class has loss 0', () => {
      tf.tidy(() => {
        const labels = tf.tensor1d([0, 0], 'int32');
        assert.deepEqual([...sparseCrossEntropy(tf.tensor2d([[5], [-5]]), labels).dataSync()], [0, 0]);
      });
    });

    test('leaves nothing behind', async () => {
      const logits = tf.tensor2d([
        [1, 2],
        [3, 4],
      ]);
      const labels = tf.tensor1d([0, 1], 'int32');
      await noTensorLeak(() => tf.grad(total(labels))(logits).dispose());
      tf.dispose([logits, labels]);
    });
  });
}
