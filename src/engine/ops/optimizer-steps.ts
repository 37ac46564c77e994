import * as tf from '@tensorflow/tfjs';
import { hasKernel, runKernelOutputs } from './kernels.ts';

export interface AdamAttributes {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** The number of this step, from 1: what the moments' bias is corrected for. */
  readonly step: number;
  /** Taken off the weights themselves, times the learning rate; it does not enter the moments. */
  readonly weightDecay: number;
}

export interface MomentumAttributes {
  readonly learningRate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  /** Times the weights, added to the gradient: the gradient of an L2 penalty. */
  readonly weightDecay: number;
}

let updates = 0;

/** How often these steps have updated weights: in place, so that a tensor does not show it. */
export function weightUpdates(): number {
  return updates;
}

/**
 * One step of Adam; updates `variable` and its moments `m` and `v`, in place where the engine can.
 *
 * Kingma and Ba 2015, arXiv:1412.6980, algorithm 1, with epsilon added to the root of the corrected second
 * moment; the weight decay is decoupled: Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2.
 */
export function applyAdam(
  variable: tf.Variable,
  m: tf.Variable,
  v: tf.Variable,
  gradient: tf.Tensor,
  attributes: AdamAttributes,
): void {
  updates++;
  if (hasKernel('ApplyAdam')) {
    for (const updated of [variable, m, v]) detachFromClones(updated);
    runKernelOutputs('ApplyAdam', { variable, m, v, gradient }, attributes);
    return;
  }
  const { learningRate, beta1, beta2, epsilon, step, weightDecay } = attributes;
  tf.tidy(() => {
    m.assign(tf.add(tf.mul(m, beta1), tf.mul(gradient, 1 - beta1)));
    v.assign(tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
    const root = tf.add(tf.sqrt(tf.div(v, 1 - beta2 ** step)), epsilon);
    const direction = tf.div(tf.div(m, 1 - beta1 ** step), root);
    const decayed = tf.mul(variable, 1 - learningRate * weightDecay);
    variable.assign(tf.sub(decayed, tf.mul(direction, learningRate)));
  });
}

/**
 * One step of stochastic gradient descent with momentum; updates `variable` and `velocity`, in place where
 * the engine can.
 *
 * velocity ← momentum · velocity + gradient; Nesterov's form looks one step ahead, as Sutskever et al. 2013,
 * "On the importance of initialization and momentum in deep learning", with the velocity before the rate.
 */
export function applyMomentum(
  variable: tf.Variable,
  velocity: tf.Variable,
  gradient: tf.Tensor,
  attributes: MomentumAttributes,
): void {
  updates++;
  if (hasKernel('ApplyMomentum')) {
    for (const updated of [variable, velocity]) detachFromClones(updated);
    runKernelOutputs('ApplyMomentum', { variable, velocity, gradient }, attributes);
    return;
  }
  const { learningRate, momentum, nesterov, weightDecay } = attributes;
  tf.tidy(() => {
    const slope = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(variable, weightDecay));
    velocity.assign(tf.add(tf.mul(velocity, momentum), slope));
    const direction = nesterov ? tf.add(slope, tf.mul(velocity, momentum)) : velocity;
    variable.assign(tf.sub(variable, tf.mul(direction, learningRate)));
  });
}

/** A clone of a tensor shares its elements; before they are overwritten, the variable gets its own. */
function detachFromClones(variable: tf.Variable): void {
  const { backend } = tf.engine();
  if (backend.refCount(variable.dataId) <= 1) return;
  tf.tidy(() => variable.assign(tf.mul(variable, 1)));
}
