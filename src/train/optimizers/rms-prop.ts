import { applyRmsProp } from '../../engine/ops/optimizer-steps.ts';
import { requireOption } from '../../options.ts';
import { commonOptions, defineOptimizer } from './optimizer.ts';

/**
 * RMSProp as TensorFlow's `tf.compat.v1.train.RMSPropOptimizer`, with which the published Inception and MobileNet were
 * trained: the gradient over the root of its mean square, epsilon under the root, and momentum after the division. The
 * mean square starts at 1. `weightDecay`, times the weights, is added to the gradient.
 *
 * Tieleman and Hinton 2012, Coursera, Neural networks for machine learning, lecture 6e.
 */
export const rmsProp = defineOptimizer({
  defaults: {
    ...commonOptions,
    learningRate: 0.001,
    /** How much of the mean squared gradient is kept at each step. */
    decay: 0.9,
    /** How much of the velocity is kept at each step. */
    momentum: 0,
    /** Added to the mean square. The published Inception v3: 1. */
    epsilon: 1e-10,
  },
  slots: { square: 1, velocity: 0 },
  check({ learningRate, decay, momentum, epsilon }) {
    requireOption('rmsProp', 'learningRate', learningRate > 0, 'more than 0', learningRate);
    requireOption('rmsProp', 'decay', decay >= 0 && decay < 1, 'a number in [0, 1)', decay);
    requireOption('rmsProp', 'momentum', momentum >= 0 && momentum < 1, 'a number in [0, 1)', momentum);
    requireOption('rmsProp', 'epsilon', epsilon > 0, 'more than 0', epsilon);
  },
  apply: (moves, at, options) => applyRmsProp(moves, { ...options, ...at }),
});
