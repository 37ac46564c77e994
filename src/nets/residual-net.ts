// What the residual nets have in common: options, stages, classifier.

import type * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';
import type { Random } from '../random.ts';
import { convolutionalAttention, squeezeExcite } from './attention.ts';
import { dense, dropout } from './blocks.ts';
import type { WeightRule } from './initialisers.ts';
import type { Downsample, ResidualBlock } from './residual-blocks.ts';
import { reducedBy } from './stages.ts';
import { requireOneOf } from './style.ts';
import { globalAveragePool } from './weightless.ts';

/** Blocks in each of the four stages, by depth: He et al. 2015, table 1. */
export const architectures: Readonly<Record<number, { bottleneck: boolean; depths: readonly number[] }>> = {
  18: { bottleneck: false, depths: [2, 2, 2, 2] },
  34: { bottleneck: false, depths: [3, 4, 6, 3] },
  50: { bottleneck: true, depths: [3, 4, 6, 3] },
  101: { bottleneck: true, depths: [3, 4, 23, 3] },
  152: { bottleneck: true, depths: [3, 8, 36, 3] },
};

/** What a preset after keras.applications sets. */
export const kerasApplications = {
  convention: 'keras',
  normEpsilon: 1.001e-5,
  normMomentum: 0.99,
  initialiser: 'glorotUniform',
} as const;

/** What each of them spreads into its defaults. */
export const residualOptions = {
  /** Multiplies the channels of every layer; none goes below 1. */
  width: 1,
  /** Blocks in each stage, instead of those of `depth`; a number for each stage, or none. */
  stageDepths: [],
  /** Channels in each stage, instead of `filters` doubled from stage to stage; a number for each stage, or none. */
  stageWidths: [],
  /** Rate of the dropout in front of the classifier. */
  dropout: 0,
  /** What `seRatio` above 0 puts behind each residual branch: 'se', squeeze-and-excitation, or 'cbam'; or 'none'. */
  attention: 'se',
  /** Channels within the attention, as a share of those it weighs; none below 1. 0: no attention. Published: 1/16. */
  seRatio: 0,
  /** How maps are halved: by the published 'stride', or by 'blur', which aliases nothing (Zhang 2019, arXiv:1904.11486). */
  downsample: 'stride',
} as const;

export interface ResidualOptions {
  readonly filters: number;
  readonly width: number;
  readonly stageDepths: readonly number[];
  readonly stageWidths: readonly number[];
  readonly dropout: number;
  readonly attention: string;
  readonly seRatio: number;
  readonly downsample: string;
}

/** Where a block stands, and how many channels it has: `layer2.0` is the first of the second stage. */
export interface Place {
  readonly name: string;
  readonly filters: number;
  readonly stage: number;
  readonly index: number;
  /** Whether it is the last of its stage. */
  readonly last: boolean;
}

/**
 * The blocks of a net, in order. `depths`: how many there are in each stage as published. Throws `UsageError`, naming
 * `owner`, for options that say no net.
 */
export function readPlaces(
  owner: string,
  prefix: string,
  depths: readonly number[],
  options: ResidualOptions,
): Place[] {
  const { filters, width, stageDepths, stageWidths } = options;
  requireOption(owner, 'filters', isPositive(filters), 'a positive integer', filters);
  requireOption(owner, 'width', width > 0, 'a positive number', width);
  requireEachStage(owner, 'stageDepths', stageDepths, depths.length);
  requireEachStage(owner, 'stageWidths', stageWidths, depths.length);
  return depths.flatMap((published, stage) => {
    const blocks = stageDepths[stage] ?? published;
    const channels = scaled(stageWidths[stage] ?? filters * 2 ** stage, width);
    return Array.from({ length: blocks }, (_, index) => ({
      name: `${prefix}${stage + 1}.${index}`,
      filters: channels,
      stage,
      index,
      last: index === blocks - 1,
    }));
  });
}

/** A number of channels times `width`. */
export function scaled(channels: number, width: number): number {
  return Math.max(Math.round(channels * width), 1);
}

function isPositive(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) > 0;
}

function requireEachStage(owner: string, option: string, values: readonly number[], stages: number): void {
  const fits = values.length === 0 || (values.length === stages && values.every(isPositive));
  requireOption(owner, option, fits, `${stages} positive integers, one for each stage`, values);
}

/** What every block of a net is told by its options. Throws `UsageError`, naming `owner`, for one that is not a choice. */
export function readBlockOptions(
  owner: string,
  { attention, seRatio, downsample, dropout }: ResidualOptions,
): Required<Pick<ResidualBlock, 'downsample'>> & Pick<ResidualBlock, 'attention'> {
  requireOneOf(owner, 'downsample', ['stride', 'blur'], downsample);
  requireOneOf(owner, 'attention', ['se', 'cbam', 'none'], attention);
  requireOption(owner, 'dropout', dropout >= 0 && dropout < 1, 'a rate in [0, 1)', dropout);
  const needed = attention === 'cbam' ? "a positive number, as attention is 'cbam'" : 'a number from 0 on';
  requireOption(owner, 'seRatio', seRatio > 0 || (seRatio === 0 && attention !== 'cbam'), needed, seRatio);
  const halving = { downsample: downsample as Downsample };
  if (attention === 'none' || seRatio === 0) return halving;
  const weigh = attention === 'se' ? squeezeExcite : convolutionalAttention;
  return {
    ...halving,
    attention: (style, x, name) => weigh(style, x, name, reducedBy(seRatio, x.shape[3] as number)),
  };
}

/**
 * Refuses images that `halvings` would leave without the two pixels that a blur needs each way. With 'stride', any size
 * will do.
 */
export function requireBlurrable(
  owner: string,
  [height, width]: readonly [number, number, number],
  halvings: number,
  downsample: Downsample,
): void {
  const smallest = 2 ** (halvings - 1) + 1;
  if (downsample === 'stride' || Math.min(height, width) >= smallest) return;
  throw new UsageError(
    `${owner} with downsample 'blur': expected images of at least ${smallest} × ${smallest}, received ` +
      `${height} × ${width}. Enlarge the images, choose stem 'small', or downsample 'stride'.`,
  );
}

/** The mean of each map, dropout, and a fully connected layer to the logits. */
export function classify(
  random: Random,
  x: tf.SymbolicTensor,
  { classes, rate, rule }: { classes: number; rate: number; rule: WeightRule },
): tf.SymbolicTensor {
  const features = globalAveragePool(x, 'gap');
  const kept = rate > 0 ? dropout(random, features, 'dropout', rate) : features;
  return dense(random, kept, 'fc', classes, rule);
}
