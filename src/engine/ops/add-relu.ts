import * as tf from '@tensorflow/tfjs';
import { hasKernel, runKernel } from './kernels.ts';

/** relu(a + b) of two tensors of one shape, in one pass; differentiable in both. */
export function addRelu(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return hasKernel('AddRelu') ? runKernel('AddRelu', { a, b }) : tf.relu(tf.add(a, b));
}
