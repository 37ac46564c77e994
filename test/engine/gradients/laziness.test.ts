// What an attack pays for: the gradient of the pixels, and of no weight.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { noTensorLeak } from '../../support.ts';
import { engines } from '../engines.ts';

/** The kernels that `body` runs. */
async function kernelsOf(body: () => tf.Tensor): Promise<string[]> {
  const profile = await tf.profile(() => tf.tidy(body));
  (profile.result as tf.Tensor).dispose();
  return profile.kernels.map(({ name }) => name);
}

const count = (kernels: string[], name: string) => kernels.filter((kernel) => kernel === name).length;

/**
 * The kernels of the gradient of the sum of the layer's output with respect to its input: forward and backward, and
 * those of forward alone.
 */
async function kernelsOfInputGradient(layer: tf.layers.Layer, shape: number[]) {
  const x = tf.fill(shape, 0.5);
  tf.dispose(layer.apply(x) as tf.Tensor);
  const forward = await kernelsOf(() => tf.sum(layer.apply(x) as tf.Tensor));
  const kernels = await kernelsOf(() => tf.grad((values) => tf.sum(layer.apply(values) as tf.Tensor))(x));
  x.dispose();
  for (const weight of layer.weights) weight.dispose();
  return { kernels, forward };
}

for (const engine of engines) {
  describe(`gradients of inputs only, on ${engine.name}`, () => {
    before(() => engine.use());

    for (const activation of ['linear', 'relu'] as const) {
      test(`conv2d, ${activation}: no gradient of the filter or the bias`, async () => {
        const layer = tf.layers.conv2d({ filters: 3, kernelSize: 3, activation, kernelInitializer: 'ones' });
        const { kernels } = await kernelsOfInputGradient(layer, [2, 5, 6, 2]);
        assert.equal(count(kernels, 'Conv2DBackpropInput'), 1);
        assert.equal(count(kernels, 'Conv2DBackpropFilter'), 0);
        // The one sum is the loss.
        assert.equal(count(kernels, 'Sum'), 1);
      });

      test(`dense, ${activation}: one product for the input`, async () => {
        const layer = tf.layers.dense({ units: 3, activation, kernelInitializer: 'ones' });
        const { kernels, forward } = await kernelsOfInputGradient(layer, [2, 4]);
        assert.equal(count(kernels, '_FusedMatMul'), 1);
        // On tfjs-node, the fused one is made of others.
        assert.equal(count(kernels, 'BatchMatMul') - count(forward, 'BatchMatMul'), 1);
        assert.equal(count(kernels, 'Sum'), 1);
      });
    }

    test('batchNormalization: one multiplication of the size of the input', async () => {
      const { kernels } = await kernelsOfInputGradient(tf.layers.batchNormalization({}), [2, 5, 6, 2]);
      // The other multiplies [channels] by [channels].
      assert.equal(count(kernels, 'Multiply'), 2);
      assert.equal(count(kernels, 'Sum'), 1);
    });

    test('depthwise and transposed convolutions: no gradient of the filter', async () => {
      const initializers = { depthwiseInitializer: 'ones', kernelInitializer: 'ones' } as const;
      const depthwise = tf.layers.depthwiseConv2d({ kernelSize: 3, ...initializers });
      const transposed = tf.layers.conv2dTranspose({ filters: 2, kernelSize: 3, ...initializers });
      for (const layer of [depthwise, transposed]) {
        const { kernels } = await kernelsOfInputGradient(layer, [2, 5, 6, 2]);
        assert.ok(kernels.every((name) => !name.endsWith('BackpropFilter')));
      }
    });

    test('the gradients of all weights are there when they are asked for', async () => {
      await noTensorLeak(() => {
        const x = tf.ones([2, 5, 6, 2]);
        const layer = tf.layers.conv2d({
          filters: 3,
          kernelSize: 3,
          activation: 'relu',
          kernelInitializer: 'ones',
        });
        tf.dispose(layer.apply(x) as tf.Tensor);
        const { value, grads } = tf.variableGrads(() => tf.sum(layer.apply(x) as tf.Tensor) as tf.Scalar);
        // Every one of the 2 · 3 · 4 outputs is positive, so each adds its pixels, all 1, and 1 to the bias.
        for (const gradient of Object.values(grads))
          assert.ok(gradient.dataSync().every((slope) => slope === 24));
        assert.equal(Object.keys(grads).length, 2);
        tf.dispose([x, value, grads]);
        for (const weight of layer.weights) weight.dispose();
      });
    });
  });
}
