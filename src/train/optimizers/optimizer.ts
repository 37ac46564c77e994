// The contract of optimizers: how weights move along their gradients, and what is kept beside each.

import type { Move, StepAttributes } from '../../engine/ops/optimizer-steps.ts';
import { type Options, requireOption, type Widen } from '../../options.ts';

/** Options of every optimizer. */
export const commonOptions: CommonOptions = {
  /** The pull of matrices and kernels to zero; vectors are spared. */
  weightDecay: 0,
  /** Gradients are scaled down together where the norm of all of them is larger; 0: never. */
  clipNorm: 0,
  /** Each element of a gradient is cut to ± this, before the norm is taken; 0: never. */
  clipValue: 0,
  /**
   * How much of a moving average of the weights is kept at each step, at most: in the first steps t it is
   * (1 + t) / (10 + t). 0: there is no average.
   */
  averageDecay: 0,
};

export interface CommonOptions extends Options {
  readonly weightDecay: number;
  readonly clipNorm: number;
  readonly clipValue: number;
  readonly averageDecay: number;
}

export interface OptimizerDefinition<T extends CommonOptions = CommonOptions> {
  readonly defaults: T;
  /** The tensors kept beside each weight, of its shape and saved in checkpoints, and the value that they start with. */
  readonly slots: Readonly<Record<string, number>>;
  /** Throws `UsageError` for an option of its own out of its range. */
  check(options: Widen<T>): void;
  /** Moves all weights and their slots in place, after what `at` says of gradients and averages. `step` counts from 1. */
  apply(
    moves: readonly Move[],
    at: { readonly step: number } & Omit<StepAttributes, 'learningRate'>,
    options: Widen<T>,
  ): void;
}

/** Names the types of a definition; the identity at run time. */
export function defineOptimizer<const T extends CommonOptions>(
  definition: OptimizerDefinition<T>,
): OptimizerDefinition<T> {
  return definition;
}

export function checkCommonOptions(name: string, options: CommonOptions): void {
  const { weightDecay, clipNorm, clipValue, averageDecay } = options;
  requireOption(name, 'weightDecay', weightDecay >= 0, 'at least 0', weightDecay);
  requireOption(name, 'clipNorm', clipNorm >= 0, 'at least 0', clipNorm);
  requireOption(name, 'clipValue', clipValue >= 0, 'at least 0', clipValue);
  const isShare = averageDecay >= 0 && averageDecay < 1;
  requireOption(name, 'averageDecay', isShare, 'a number in [0, 1)', averageDecay);
}
