// Gradients against central differences.

import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs';
import { createRandom } from '../../src/random.ts';
import { relativeToMaximum } from '../support.ts';

export type Operation = (...inputs: tf.Tensor[]) => tf.Tensor;

/**
 * Values −1 … 1 in random order, 2/size apart, so that a smaller step changes no order; where size is even, none
 * is nearer to 0 than 1/size.
 */
export function distinctValues(size: number, seed: number): Float32Array {
  const order = createRandom(seed).permutation(size);
  return Float32Array.from(order, (rank) => (2 * rank + 1) / size - 1);
}

const weightedSum = (values: ArrayLike<number>, weights: ArrayLike<number>) => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) * (weights[i] as number);
  return sum;
};

/**
 * Compares the gradient of Σ cotangent · operation(inputs) in every element of every input with central
 * differences. `step` must be smaller than half the distance of an input to a kink; a linear operation takes
 * any step.
 *
 * The tolerance is that of differences of float32 values: rounding 1e-7 / step, curvature step².
 */
export function checkGradients(
  operation: Operation,
  inputs: tf.Tensor[],
  step = 2 ** -7,
  tolerance = 2e-3,
): void {
  const arrays = inputs.map((input) => Float32Array.from(input.dataSync()));
  const output = operation(...inputs);
  const cotangent = distinctValues(output.size, 7);
  const gradients = tf.grads(operation)(inputs, tf.tensor(cotangent, output.shape));
  inputs.forEach((input, index) => {
    const values = arrays[index] as Float32Array;
    const valueAt = (element: number, value: number) => {
      const moved = values.slice();
      moved[element] = value;
      const others = inputs.map((other, i) => (i === index ? tf.tensor(moved, input.shape) : other));
      return tf.tidy(() => weightedSum(operation(...others).dataSync(), cotangent));
    };
    const differences = Array.from(values, (value, element) => {
      const [up, down] = [Math.fround(value + step), Math.fround(value - step)];
      return (valueAt(element, up) - valueAt(element, down)) / (up - down);
    });
    const gradient = gradients[index] as tf.Tensor;
    assert.deepEqual(gradient.shape, input.shape, `shape of the gradient of input ${index}`);
    const error = relativeToMaximum(gradient.dataSync(), differences);
    assert.ok(error <= tolerance, `gradient of input ${index} differs by ${error} of its largest element`);
  });
}
