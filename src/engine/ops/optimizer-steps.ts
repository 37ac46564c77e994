// Steps of optimizers on all weights of a net at once: one kernel, one pass over their elements.

import * as tf from '@tensorflow/tfjs';
import { hasKernel, runKernelOutputs } from './kernels.ts';

/** A weight, and what is kept beside it, all of one shape; all but the gradient are updated. */
export interface Move {
  readonly variable: tf.Variable;
  /** As the optimizer orders them. */
  readonly slots: readonly tf.Variable[];
  readonly gradient: tf.Tensor;
  /** A moving average of the weight. All moves of a step have one, or none has. */
  readonly average?: tf.Variable;
  readonly weightDecay: number;
}

/** What all optimizers have in common. */
export interface StepAttributes {
  readonly learningRate: number;
  /** Elements of the gradients are cut to ± this first; 0: they are not. */
  readonly clipValue: number;
  /** Then they are multiplied by this. */
  readonly gradientScale: number;
  /** How much of the moving averages is kept. */
  readonly averageKept: number;
}

export interface AdamAttributes extends StepAttributes {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** The number of this step, from 1: what the moments' bias is corrected for. */
  readonly step: number;
  /** Whether the weight decay is taken off the weights themselves, times the learning rate; else it is added to the gradient, times the weights. */
  readonly decoupled: boolean;
}

export interface MomentumAttributes extends StepAttributes {
  readonly momentum: number;
  readonly nesterov: boolean;
}

export interface RmsPropAttributes extends StepAttributes {
  readonly decay: number;
  readonly momentum: number;
  readonly epsilon: number;
}

let updates = 0;

/** How often these steps have updated weights: in place, so that a tensor does not show it. */
export function weightUpdates(): number {
  return updates;
}

/** Runs the kernel, or `compose` for each move with its clipped gradient, and then the average. */
function applyStep<T extends StepAttributes>(
  kernel: string,
  moves: readonly Move[],
  attributes: T,
  compose: (move: Move, attributes: T) => void,
): void {
  if (moves.length === 0) return;
  updates++;
  if (hasKernel(kernel)) {
    const state = moves.map(({ variable, slots, average }) => [
      variable,
      ...slots,
      ...(average ? [average] : []),
    ]);
    for (const updated of state.flat()) detachFromClones(updated);
    const inputs = [...state.flat(), ...moves.map(({ gradient }) => gradient)];
    const weightDecays = moves.map(({ weightDecay }) => weightDecay);
    const averaged = moves[0]!.average !== undefined;
    // As AddN: a list is a map whose names are its indices.
    runKernelOutputs(kernel, inputs as unknown as tf.NamedTensorMap, {
      ...attributes,
      weightDecays,
      averaged,
    });
    return;
  }
  const { clipValue, gradientScale, averageKept } = attributes;
  for (const move of moves) {
    tf.tidy(() => {
      const gradient = tf.mul(clipped(move.gradient, clipValue), gradientScale);
      compose({ ...move, gradient }, attributes);
      const { average, variable } = move;
      average?.assign(tf.add(tf.mul(average, averageKept), tf.mul(variable, 1 - averageKept)));
    });
  }
}

function clipped(gradient: tf.Tensor, limit: number): tf.Tensor {
  return limit > 0 ? tf.clipByValue(gradient, -limit, limit) : gradient;
}

/** The gradient of the loss and an L2 penalty. */
function withPenalty({ gradient, variable, weightDecay }: Move): tf.Tensor {
  return weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(variable, weightDecay));
}

/**
 * The root of the sum of squares over all elements of all gradients, each cut to ± `clipValue` first (0: not cut).
 * Pascanu et al. 2013, On the difficulty of training recurrent neural networks, arXiv:1211.5063, algorithm 1.
 */
export function gradientNorm(gradients: readonly tf.Tensor[], clipValue: number): number {
  if (gradients.length === 0) return 0;
  return tf.tidy(() => {
    if (hasKernel('GradientNorm')) {
      const inputs = gradients as unknown as tf.NamedTensorMap;
      return runKernelOutputs('GradientNorm', inputs, { clipValue })[0]!.dataSync()[0] as number;
    }
    const sums = gradients.map((gradient) => tf.sum(tf.square(clipped(gradient, clipValue))));
    return tf.sqrt(tf.addN(sums)).dataSync()[0] as number;
  });
}

/**
 * One step of Adam on all weights, in place where the engine can. Slots: the two moments, m and v.
 *
 * Kingma and Ba 2015, arXiv:1412.6980, algorithm 1, with epsilon added to the root of the corrected second
 * moment; decoupled weight decay: Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2.
 */
export function applyAdam(moves: readonly Move[], attributes: AdamAttributes): void {
  applyStep(
    'ApplyAdam',
    moves,
    attributes,
    (move, { learningRate, beta1, beta2, epsilon, step, decoupled }) => {
      const { variable, weightDecay } = move;
      const [m, v] = move.slots as [tf.Variable, tf.Variable];
      const slope = decoupled ? move.gradient : withPenalty(move);
      m.assign(tf.add(tf.mul(m, beta1), tf.mul(slope, 1 - beta1)));
      v.assign(tf.add(tf.mul(v, beta2), tf.mul(tf.square(slope), 1 - beta2)));
      const root = tf.add(tf.sqrt(tf.div(v, 1 - beta2 ** step)), epsilon);
      const direction = tf.div(tf.div(m, 1 - beta1 ** step), root);
      const kept = decoupled ? tf.mul(variable, 1 - learningRate * weightDecay) : variable;
      variable.assign(tf.sub(kept, tf.mul(direction, learningRate)));
    },
  );
}

/**
 * One step of stochastic gradient descent with momentum on all weights, in place where the engine can. Slot: the
 * velocity.
 *
 * velocity ← momentum · velocity + gradient; Nesterov's form looks one step ahead, as Sutskever et al. 2013,
 * "On the importance of initialization and momentum in deep learning", with the velocity before the rate.
 */
export function applyMomentum(moves: readonly Move[], attributes: MomentumAttributes): void {
  applyStep('ApplyMomentum', moves, attributes, (move, { learningRate, momentum, nesterov }) => {
    const { variable } = move;
    const [velocity] = move.slots as [tf.Variable];
    const slope = withPenalty(move);
    velocity.assign(tf.add(tf.mul(velocity, momentum), slope));
    const direction = nesterov ? tf.add(slope, tf.mul(velocity, momentum)) : velocity;
    variable.assign(tf.sub(variable, tf.mul(direction, learningRate)));
  });
}

/**
 * One step of RMSProp on all weights, in place where the engine can. Slots: the mean square and the velocity.
 *
 * As TensorFlow's ApplyRMSProp: square ← decay · square + (1 − decay) · gradient², velocity ← momentum · velocity +
 * rate · gradient / √(square + epsilon), and the velocity is taken off the weight.
 */
export function applyRmsProp(moves: readonly Move[], attributes: RmsPropAttributes): void {
  applyStep('ApplyRmsProp', moves, attributes, (move, { learningRate, decay, momentum, epsilon }) => {
    const { variable } = move;
    const [square, velocity] = move.slots as [tf.Variable, tf.Variable];
    const slope = withPenalty(move);
    square.assign(tf.add(tf.mul(square, decay), tf.mul(tf.square(slope), 1 - decay)));
    const direction = tf.div(slope, tf.sqrt(tf.add(square, epsilon)));
    velocity.assign(tf.add(tf.mul(velocity, momentum), tf.mul(direction, learningRate)));
    variable.assign(tf.sub(variable, velocity));
  });
}

/** A clone of a tensor shares its elements; before they are overwritten, the variable gets its own. */
function detachFromClones(variable: tf.Variable): void {
  const { backend } = tf.engine();
  if (backend.refCount(variable.dataId) <= 1) return;
  tf.tidy(() => variable.assign(tf.mul(variable, 1)));
}
