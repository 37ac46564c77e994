import * as tf from '@tensorflow/tfjs';
import { valueAndGradients } from '../../engine/backward.ts';
import type { Net } from '../../nets/net.ts';
import { trainableWeights } from '../step.ts';

/** Keeps a quotient finite. */
const LEAST = 1e-20;

/**
 * The loss and its gradients by the weights that are trained, where every matrix and kernel w of them is moved up the
 * loss, along its gradient, by `gamma` · ‖w‖. Afterwards the weights are what they were. Vectors are not moved.
 *
 * Wu, Xia and Wang 2020, arXiv:2004.05884 with one step, as in their code. Two passes: only the second
 * one, at the moved weights, moves the statistics of batch normalisation. Weight decay, which the code applies to the
 * moved weights, sees those that they were. The caller disposes of all that is returned.
 */
export function atWorstWeights(net: Net, gamma: number, lossOf: () => tf.Scalar) {
  const weights = trainableWeights(net);
  const kernels = weights.filter(({ rank }) => rank > 1);
  const directions = ascents(net, kernels, lossOf);
  const before = kernels.map((kernel) => tf.clone(kernel));
  try {
    tf.tidy(() => {
      for (const [i, kernel] of kernels.entries()) {
        const direction = directions[i];
        if (!direction) continue;
        const scale = tf.div(tf.mul(tf.norm(kernel), gamma), tf.add(tf.norm(direction), LEAST));
        kernel.assign(tf.add(kernel, tf.mul(direction, scale)));
      }
    });
    return valueAndGradients(lossOf, weights);
  } finally {
    for (const [i, kernel] of kernels.entries()) kernel.assign(before[i] as tf.Tensor);
    tf.dispose([before, directions.filter((direction) => direction !== undefined)]);
  }
}

/** Gradients of the loss by `kernels`, from a pass that leaves everything else as it is. */
function ascents(net: Net, kernels: readonly tf.Variable[], lossOf: () => tf.Scalar) {
  const statistics = net.model.nonTrainableWeights.map((weight) => weight.read() as tf.Variable);
  const before = statistics.map((variable) => tf.clone(variable));
  try {
    const { value, gradients } = valueAndGradients(lossOf, kernels);
    value.dispose();
    return gradients;
  } finally {
    for (const [i, variable] of statistics.entries()) variable.assign(before[i] as tf.Tensor);
    tf.dispose(before);
  }
}
