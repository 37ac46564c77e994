import { applyAdam } from '../../engine/ops/optimizer-steps.ts';
import { requireOption } from '../../options.ts';
import { commonOptions, defineOptimizer } from './optimizer.ts';

const defaults = {
  ...commonOptions,
  learningRate: 0.001,
  /** How much of the mean gradient is kept at each step. */
  beta1: 0.9,
  /** How much of the mean squared gradient is kept at each step. */
  beta2: 0.999,
  /** Keeps the division finite where gradients vanish. */
  epsilon: 1e-8,
};

/**
 * Adam: steps of about the learning rate, along the mean gradient over its root mean square.
 *
 * Kingma and Ba 2014, arXiv:1412.6980, algorithm 1. `weightDecay`, times the weights, is added to the gradient, as in
 * `torch.optim.Adam`.
 */
export const adam = defineOptimizer({
  defaults,
  slots: { mean: 0, square: 0 },
  check: (options) => checkAdam('adam', options),
  apply: (moves, at, options) => applyAdam(moves, { ...options, ...at, decoupled: false }),
});

/**
 * Adam whose weight decay acts on the weights and not through the gradient: a weight loses `weightDecay` of itself at
 * each step, in units of the learning rate. Loshchilov and Hutter 2017, arXiv:1711.05101, algorithm 2, without a
 * schedule of its own, as `torch.optim.AdamW`, whose defaults it has.
 */
export const adamW = defineOptimizer({
  defaults: { ...defaults, weightDecay: 0.01 },
  slots: { mean: 0, square: 0 },
  check: (options) => checkAdam('adamW', options),
  apply: (moves, at, options) => applyAdam(moves, { ...options, ...at, decoupled: true }),
});

function checkAdam(name: string, options: typeof defaults): void {
  const { learningRate, beta1, beta2, epsilon } = options;
  requireOption(name, 'learningRate', learningRate > 0, 'more than 0', learningRate);
  requireOption(name, 'beta1', beta1 >= 0 && beta1 < 1, 'a number in [0, 1)', beta1);
  requireOption(name, 'beta2', beta2 >= 0 && beta2 < 1, 'a number in [0, 1)', beta2);
  requireOption(name, 'epsilon', epsilon > 0, 'more than 0', epsilon);
}
