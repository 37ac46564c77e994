import * as tf from '@tensorflow/tfjs';
import { hasKernel, runKernel, runKernelOutputs, unrecorded } from './kernels.ts';

export interface BatchStatistics {
  /** The normalised batch, shape of the input; with what the ending made of it. */
  readonly normalised: tf.Tensor;
  /** `[channels]`; a constant to the backward pass. */
  readonly mean: tf.Tensor1D;
  /** `[channels]`, biased (divided by the number of values); a constant to the backward pass. */
  readonly variance: tf.Tensor1D;
}

/** What follows the normalisation, in the same kernel. */
export interface BatchNormEnding {
  /** Of the shape of `x`; added to what is normalised. */
  readonly residual?: tf.Tensor | undefined;
  /** Whether relu is taken of the result. */
  readonly relu?: boolean;
}

/**
 * Normalises `x` with its own mean and variance over all axes but the last, then scales by `gamma` and
 * shifts by `beta` (both `[channels]`); then adds a residual and takes relu, if asked to. Differentiable in all of
 * them, through the statistics.
 *
 * Ioffe and Szegedy 2015, arXiv:1502.03167, algorithm 1.
 */
export function batchNormTrain(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  epsilon: number,
  { residual, relu = false }: BatchNormEnding = {},
): BatchStatistics {
  if (!hasKernel('BatchNormTrain')) {
    const plain = compose(x, gamma, beta, epsilon);
    const sum = residual ? tf.add(plain.normalised, residual) : plain.normalised;
    return { ...plain, normalised: relu ? tf.relu(sum) : sum };
  }
  const inputs = residual ? { x, gamma, beta, residual } : { x, gamma, beta };
  const attributes = { epsilon, relu, residual: residual !== undefined };
  const [normalised, mean, variance] = runKernelOutputs('BatchNormTrain', inputs, attributes);
  return { normalised, mean, variance } as BatchStatistics;
}

/** With the given statistics, which are constants: what a trained net does. `[channels]` each. */
export function batchNormInference(
  x: tf.Tensor,
  statistics: { mean: tf.Tensor; variance: tf.Tensor },
  gamma: tf.Tensor,
  beta: tf.Tensor,
  epsilon: number,
): tf.Tensor {
  const inputs = { x: tf.reshape(x, fourAxes(x.shape)), scale: gamma, offset: beta, ...statistics };
  return tf.reshape(runKernel('FusedBatchNorm', inputs, { varianceEpsilon: epsilon }), x.shape);
}

/** The same elements on four axes, which is what the kernel of every backend takes. */
function fourAxes(shape: readonly number[]): number[] {
  if (shape.length <= 4) return [...new Array<number>(4 - shape.length).fill(1), ...shape];
  return [-1, ...shape.slice(-3)];
}

function compose(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): BatchStatistics {
  const axes = x.shape.map((_, axis) => axis).slice(0, -1);
  const { mean, variance } = unrecorded(() => tf.moments(x, axes));
  const normalise = tf.customGrad((...inputs) => {
    const [values, scale, shift, save] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const inverse = tf.rsqrt(tf.add(variance, epsilon));
    save([values, scale, mean, inverse]);
    const factor = tf.mul(scale, inverse);
    return {
      value: tf.add(tf.mul(values, factor), tf.sub(shift, tf.mul(mean, factor))),
      gradFunc: (dy, saved) => gradients(dy, saved, axes),
    };
  });
  return { normalised: normalise(x, gamma, beta), mean, variance } as BatchStatistics;
}

function gradients(dy: tf.Tensor, saved: tf.Tensor[], axes: number[]): tf.Tensor[] {
  const [x, gamma, mean, inverse] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const rows = x.size / gamma.size;
  const standard = tf.mul(tf.sub(x, mean), inverse);
  const dgamma = tf.sum(tf.mul(dy, standard), axes);
  const dbeta = tf.sum(dy, axes);
  const throughStatistics = tf.add(tf.mul(standard, tf.div(dgamma, rows)), tf.div(dbeta, rows));
  return [tf.mul(tf.sub(dy, throughStatistics), tf.mul(gamma, inverse)), dgamma, dbeta];
}
