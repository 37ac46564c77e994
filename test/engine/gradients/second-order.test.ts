import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { gelu, silu } from '../../../src/engine/ops/activations.ts';
import { engines } from '../engines.ts';
import { checkGradients, distinctValues } from '../finite-differences.ts';

type Activation = (x: tf.Tensor) => tf.Tensor;

/** Those that save their output: tfjs loses what leads to it. */
const saveOutput: Record<string, Activation> = {
  relu: (x) => tf.relu(x),
  relu6: (x) => tf.relu6(x),
  sigmoid: (x) => tf.sigmoid(x),
  tanh: (x) => tf.tanh(x),
};

const saveInput: Record<string, Activation> = {
  leakyRelu: (x) => tf.leakyRelu(x, 0.1),
  softplus: (x) => tf.softplus(x),
  silu,
  gelu: (x) => gelu(x),
  'gelu, tanh': (x) => gelu(x, 'tanh'),
};

/** Without kernels of ours, these are products with a sigmoid or a tanh. */
const composedOfOutputs = new Set(['silu', 'gelu, tanh']);

const shape = [2, 3, 5];

for (const engine of engines) {
  describe(`gradients of gradients, on ${engine.name}`, () => {
    before(() => engine.use());
    for (const [name, activation] of Object.entries({ ...saveOutput, ...saveInput })) {
      test(name, () => {
        tf.tidy(() => {
          const x = tf.tensor(distinctValues(30, 1), shape);
          const dy = tf.tensor(distinctValues(30, 2), shape);
          const gradient = tf.grad((v) => activation(tf.mul(v, 3)));
          checkGradients((upstream) => gradient(x, upstream!), [dy]);
          // A square, because a slope that is constant has no path to the input.
          const throughInput = (at: tf.Tensor) => tf.add(tf.square(at), gradient(at, dy));
          const lost = engine.name === 'composed' && composedOfOutputs.has(name);
          if (name in saveInput && !lost) checkGradients((at) => throughInput(at!), [x]);
        });
      });
    }
  });
}
