// The contract of optimizers: how one weight moves along its gradient, and what is kept beside it.

import type * as tf from '@tensorflow/tfjs';
import type { Options, Widen } from '../../options.ts';

export interface OptimizerDefinition<T extends Options = Options> {
  readonly defaults: T;
  /** Names of the tensors kept beside each weight: of its shape, zero at first, saved in checkpoints. */
  readonly slots: readonly string[];
  /** Throws `UsageError` for an option out of its range. */
  check(options: Widen<T>): void;
  /**
   * Moves `weight` and its `slots` in place. `step` counts from 1. `decayed` says whether the weight
   * takes part in weight decay.
   */
  apply(
    weight: tf.Variable,
    slots: readonly tf.Variable[],
    gradient: tf.Tensor,
    at: { readonly step: number; readonly decayed: boolean },
    options: Widen<T>,
  ): void;
}

/** Names the types of a definition; the identity at run time. */
export function defineOptimizer<const T extends Options>(
  definition: OptimizerDefinition<T>,
): OptimizerDefinition<T> {
  return definition;
}
