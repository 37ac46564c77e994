import type { Variable } from '@tensorflow/tfjs';
import { applyAdam } from '../../engine/ops/optimizer-steps.ts';
import { requireOption } from '../../options.ts';
import { defineOptimizer } from './optimizer.ts';

/**
 * Adam: steps of about the learning rate, along the mean gradient over its root mean square.
 *
 * Kingma and Ba 2014, arXiv:1412.6980, algorithm 1. With `weightDecay`, AdamW: the decay acts on the
 * weight and not through the gradient (Loshchilov and Hutter 2017, arXiv:1711.05101, algorithm 2).
 */
export const adam = defineOptimizer({
  defaults: {
    learningRate: 0.001,
    /** How much of the mean gradient is kept at each step. */
    beta1: 0.9,
    /** How much of the mean squared gradient is kept at each step. */
    beta2: 0.999,
    /** Keeps the division finite where gradients vanish. */
    epsilon: 1e-8,
    /** The fraction of a weight lost at each step, in units of the learning rate. */
    weightDecay: 0,
  },
  slots: ['mean', 'square'],
  check({ learningRate, beta1, beta2, epsilon, weightDecay }) {
    requireOption('adam', 'learningRate', learningRate > 0, 'more than 0', learningRate);
    requireOption('adam', 'beta1', beta1 >= 0 && beta1 < 1, 'a number in [0, 1)', beta1);
    requireOption('adam', 'beta2', beta2 >= 0 && beta2 < 1, 'a number in [0, 1)', beta2);
    requireOption('adam', 'epsilon', epsilon > 0, 'more than 0', epsilon);
    requireOption('adam', 'weightDecay', weightDecay >= 0, 'at least 0', weightDecay);
  },
  apply(weight, [mean, square], gradient, { step, decayed }, options) {
    const weightDecay = decayed ? options.weightDecay : 0;
    applyAdam(weight, mean as Variable, square as Variable, gradient, { ...options, step, weightDecay });
  },
});
