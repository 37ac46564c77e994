// The options that all families share, each with one meaning, and the style of layers that they stand for.

import { listChoices } from '../errors.ts';
import { requireOption } from '../options.ts';
import type { Random } from '../random.ts';
import {
  ACTIVATIONS,
  type Activation,
  NORMS,
  type NormKind,
  PIXELS,
  type Pixels,
  type Style,
} from './blocks.ts';
import { INITIALISERS, type InitialiserName } from './initialisers.ts';

/** What a family spreads into its defaults: `...styleOptions({ normEpsilon: 1e-5 })`. */
export interface StyleOptions {
  /** What follows normalisation: relu, leakyRelu (slope 0.01), elu, silu, gelu, softplus or relu6. */
  readonly activation: string;
  /**
   * batch; instance; group: of 32 groups, or the most that 32 and the channels have in common; layer: over all
   * channels and pixels of an image (Ba et al. 2016, arXiv:1607.06450; Wu and He 2018, arXiv:1803.08494, figure 2);
   * or none, where convolutions have biases instead.
   */
  readonly norm: string;
  /** Added to the variance. */
  readonly normEpsilon: number;
  /** The share of the old moving averages that a step keeps, as Keras says it; PyTorch's momentum is 1 − this. Of norm 'batch' only. */
  readonly normMomentum: number;
  /** Whether normalisation has a gain (gamma) beside its offset. */
  readonly normScale: boolean;
  /** Distribution of the initial weights of convolutions: see `INITIALISERS`. */
  readonly initialiser: string;
  /**
   * What images in [0, 1] become in front of the first layer: 'centred', in [−1, 1], or 'imagenet', less the mean of
   * ImageNet's pixels and divided by their standard deviation, as published weights of torchvision and timm mostly want.
   */
  readonly pixels: string;
}

/** The shared options, with a family's own defaults. */
export function styleOptions(own: Partial<StyleOptions> = {}): StyleOptions & Record<never, never> {
  return {
    activation: 'relu',
    norm: 'batch',
    normEpsilon: 1e-5,
    normMomentum: 0.9,
    normScale: true,
    initialiser: 'heNormal',
    pixels: 'centred',
    ...own,
  };
}

/** The style that `options` stand for. Throws `UsageError`, naming `owner`, for a value that is not a choice. */
export function readStyle(owner: string, options: StyleOptions, random: Random): Style {
  const { activation, norm, normEpsilon: epsilon, normMomentum: momentum, normScale: scale } = options;
  requireOneOf(owner, 'activation', ACTIVATIONS, activation);
  requireOneOf(owner, 'norm', [...NORMS, 'none'], norm);
  requireOneOf(owner, 'initialiser', Object.keys(INITIALISERS), options.initialiser);
  requireOneOf(owner, 'pixels', PIXELS, options.pixels);
  requireOption(owner, 'normEpsilon', epsilon > 0, 'a positive number', epsilon);
  requireOption(owner, 'normMomentum', momentum >= 0 && momentum < 1, 'a number in [0, 1)', momentum);
  return {
    random,
    kernel: INITIALISERS[options.initialiser as InitialiserName],
    activation: activation as Activation,
    pixels: options.pixels as Pixels,
    norm: norm === 'none' ? 'none' : { kind: norm as NormKind, epsilon, momentum, scale },
  };
}

/** Refuses a value that is none of `choices`. */
export function requireOneOf(
  owner: string,
  option: string,
  choices: readonly string[],
  received: string,
): void {
  requireOption(owner, option, choices.includes(received), listChoices(choices), received);
}
