import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {
  type AdamAttributes,
  applyAdam,
  applyMomentum,
  type MomentumAttributes,
} from '../../../src/engine/ops/optimizer-steps.ts';
import { assertClose, noTensorLeak } from '../../support.ts';
import { engines } from '../engines.ts';

const start = [0.5, -1.25, 2, 0, 1e-3, -3];
/** Gradients that change sign and size from step to step, one of them always 0. */
const gradientAt = (step: number) =>
  start.map((_, i) => (i === 3 ? 0 : Math.fround(Math.sin(step * (i + 1)) * 10 ** (i - 3))));

type Adam = Omit<AdamAttributes, 'step'>;

function adamReference(attributes: Adam, steps: number): number[] {
  const { learningRate, beta1, beta2, epsilon, weightDecay } = attributes;
  const weights = [...start];
  const [m, v] = [start.map(() => 0), start.map(() => 0)];
  for (let step = 1; step <= steps; step++) {
    gradientAt(step).forEach((g, i) => {
      m[i] = beta1 * m[i]! + (1 - beta1) * g;
      v[i] = beta2 * v[i]! + (1 - beta2) * g ** 2;
      const [mean, square] = [m[i]! / (1 - beta1 ** step), v[i]! / (1 - beta2 ** step)];
      weights[i] =
        weights[i]! - learningRate * (mean / (Math.sqrt(square) + epsilon) + weightDecay * weights[i]!);
    });
  }
  return weights;
}

function momentumReference(attributes: MomentumAttributes, steps: number): number[] {
  const { learningRate, momentum, nesterov, weightDecay } = attributes;
  const weights = [...start];
  const velocity = start.map(() => 0);
  for (let step = 1; step <= steps; step++) {
    gradientAt(step).forEach((gradient, i) => {
      const g = gradient + weightDecay * weights[i]!;
      velocity[i] = momentum * velocity[i]! + g;
      weights[i] = weights[i]! - learningRate * (nesterov ? g + momentum * velocity[i]! : velocity[i]!);
    });
  }
  return weights;
}

const variables = (count: number) =>
  Array.from({ length: count }, (_, i) =>
    tf.tidy(() => tf.variable(tf.tensor1d(i === 0 ? start : start.map(() => 0)))),
  );

/** The weights after `steps` steps of `apply`, on `slots` variables of state. */
function run(
  slots: number,
  steps: number,
  apply: (state: tf.Variable[], gradient: tf.Tensor, step: number) => void,
) {
  const state = variables(slots + 1);
  for (let step = 1; step <= steps; step++) tf.tidy(() => apply(state, tf.tensor1d(gradientAt(step)), step));
  const weights = Float32Array.from(state[0]!.dataSync());
  tf.dispose(state);
  return weights;
}

const adamDefaults: Adam = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
const momentumDefaults: MomentumAttributes = {
  learningRate: 0.01,
  momentum: 0.9,
  nesterov: false,
  weightDecay: 0,
};
/** Twenty roundings of float32 state. */
const precision = { relative: 1e-5, absolute: 1e-6 };

for (const engine of engines) {
  describe(`optimizer steps on ${engine.name}`, () => {
    before(() => engine.use());

    for (const overrides of [{}, { weightDecay: 0.1 }, { beta1: 0.5, beta2: 0.9, epsilon: 1e-3 }]) {
      test(`Adam equals float64 over 20 steps: ${JSON.stringify(overrides)}`, async () => {
        const attributes = { ...adamDefaults, ...overrides };
        await noTensorLeak(() => {
          const weights = run(2, 20, ([variable, m, v], gradient, step) =>
            applyAdam(variable!, m!, v!, gradient, { ...attributes, step }),
          );
          assertClose(weights, adamReference(attributes, 20), precision);
        });
      });
    }

    for (const overrides of [
      {},
      { nesterov: true },
      { weightDecay: 0.1 },
      { nesterov: true, weightDecay: 0.1 },
    ]) {
      test(`momentum equals float64 over 20 steps: ${JSON.stringify(overrides)}`, async () => {
        const attributes = { ...momentumDefaults, ...overrides };
        await noTensorLeak(() => {
          const weights = run(1, 20, ([variable, velocity], gradient) =>
            applyMomentum(variable!, velocity!, gradient, attributes),
          );
          assertClose(weights, momentumReference(attributes, 20), precision);
        });
      });
    }

    test('clones of the variables keep their values', () => {
      tf.tidy(() => {
        const [variable, m, v] = variables(3) as [tf.Variable, tf.Variable, tf.Variable];
        const clones = [variable, m, v].map((state) => tf.clone(state));
        const gradient = tf.tensor1d(gradientAt(1));
        applyAdam(variable, m, v, gradient, { ...adamDefaults, step: 1 });
        applyMomentum(variable, m, gradient, momentumDefaults);
        clones.forEach((clone, i) => {
          assert.deepEqual([...clone.dataSync()], i === 0 ? start.map(Math.fround) : start.map(() => 0));
        });
        assert.ok([variable, m, v].every((state, i) => state.dataSync()[0] !== clones[i]!.dataSync()[0]));
        tf.dispose([variable, m, v]);
      });
    });

    test('the array that a variable was made from keeps its values', () => {
      tf.tidy(() => {
        const source = Float32Array.from(start);
        const variable = tf.variable(tf.tensor1d(source));
        const velocity = tf.variable(tf.zerosLike(variable));
        applyMomentum(variable, velocity, tf.tensor1d(gradientAt(1)), momentumDefaults);
        assert.deepEqual([...source], start.map(Math.fround));
        tf.dispose([variable, velocity]);
      });
    });
  });
}
