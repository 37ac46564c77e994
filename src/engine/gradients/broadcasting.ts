// Gradients that tfjs gives in the shape of the result, where an input was broadcast to it.

import * as tf from '@tensorflow/tfjs';
import { sumToShape } from './shapes.ts';

type Slope = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

function elementwise(kernelName: string, slopeA: Slope, slopeB: Slope): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: ['a', 'b'],
    gradFunc: (upstream, saved) => {
      const dy = upstream as tf.Tensor;
      const [a, b] = saved as [tf.Tensor, tf.Tensor];
      return {
        a: () => sumToShape(tf.mul(dy, tf.cast(slopeA(a, b), 'float32')), a.shape),
        b: () => sumToShape(tf.mul(dy, tf.cast(slopeB(a, b), 'float32')), b.shape),
      };
    },
  };
}

/** Where both are equal, the gradient goes to the first, as in tfjs. */
export const maximumGradient = elementwise('Maximum', tf.greaterEqual, tf.less);
export const minimumGradient = elementwise('Minimum', tf.lessEqual, tf.greater);
export const squaredDifferenceGradient = elementwise(
  'SquaredDifference',
  (a, b) => tf.mul(tf.sub(a, b), 2),
  (a, b) => tf.mul(tf.sub(b, a), 2),
);

export const batchMatMulGradient: tf.GradConfig = {
  kernelName: 'BatchMatMul',
  inputsToSave: ['a', 'b'],
  gradFunc: (upstream, saved, attrs) => {
    const dy = upstream as tf.Tensor;
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
    const da = () => (transposeA ? tf.matMul(b, dy, transposeB, true) : tf.matMul(dy, b, false, !transposeB));
    const db = () => (transposeB ? tf.matMul(dy, a, true, transposeA) : tf.matMul(a, dy, !transposeA, false));
    return { a: () => sumToShape(da(), a.shape), b: () => sumToShape(db(), b.shape) };
  },
};
