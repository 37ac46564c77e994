import { applyMomentum } from '../../engine/ops/optimizer-steps.ts';
import { requireOption } from '../../options.ts';
import { commonOptions, defineOptimizer } from './optimizer.ts';

/**
 * Stochastic gradient descent with momentum; plain descent when `momentum` is 0. `weightDecay`, times the weights, is
 * added to the gradient.
 *
 * With `nesterov`, the gradient counts once more ahead of the velocity (Sutskever et al. 2013, "On the
 * importance of initialization and momentum in deep learning", in the form that needs no gradient
 * elsewhere than at the weight).
 */
export const sgd = defineOptimizer({
  defaults: {
    ...commonOptions,
    learningRate: 0.1,
    /** How much of the velocity is kept at each step. */
    momentum: 0.9,
    nesterov: false,
  },
  slots: { velocity: 0 },
  check({ learningRate, momentum, nesterov }) {
    requireOption('sgd', 'learningRate', learningRate > 0, 'more than 0', learningRate);
    requireOption('sgd', 'momentum', momentum >= 0 && momentum < 1, 'a number in [0, 1)', momentum);
    requireOption('sgd', 'nesterov', !nesterov || momentum > 0, 'false where momentum is 0', nesterov);
  },
  apply: (moves, at, options) => applyMomentum(moves, { ...options, ...at }),
});
