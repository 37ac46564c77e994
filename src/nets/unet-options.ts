// The options that the nets of the U-Net family share, and what they stand for.

import { requireOption } from '../options.ts';
import { requireOneOf } from './style.ts';

/** What a family spreads into its defaults: `...unetOptions({ filters: 32 })`. */
export interface UnetOptions {
  /** How often the image is halved. */
  readonly depth: number;
  /** Channels of the first stage; each deeper stage doubles them. */
  readonly filters: number;
  /** Multiplies the channels of all stages. */
  readonly width: number;
  /** Channels of each stage, from the full size down to the bottleneck, in the place of the doubled `filters`. */
  readonly stageWidths: readonly number[];
  /** How many convolutions, or residual units, each stage has, from the full size down to the bottleneck. */
  readonly stageDepths: readonly number[];
  /** 'transpose', 'nearest', 'bilinear' or 'bilinearAligned': see `UpSampling`. */
  readonly upSampling: string;
  /** 'maxPool', 'stride' or 'blur': see `Downsampling`. */
  readonly downsample: string;
  /** Gives convolutions biases in front of their normalisation too. */
  readonly bias: boolean;
  /** The share of units that squeeze-and-excitation, at the end of each stage, has in between; 0: there is none. */
  readonly seRatio: number;
  /** The share of values set to zero in training. */
  readonly dropout: number;
  /** Heads beside the last, whose logits enter the training loss. */
  readonly deepSupervision: boolean;
  /** The weight of each of these heads, from the finest; none: those of the net. */
  readonly supervisionWeights: readonly number[];
  /** Pads images to the next size that the net takes, and cuts the logits back: images of any size. */
  readonly padInput: boolean;
}

/** The shared options, with a family's own defaults. */
export function unetOptions(own: Partial<UnetOptions> = {}): UnetOptions & Record<never, never> {
  return {
    depth: 4,
    filters: 64,
    width: 1,
    stageWidths: [],
    stageDepths: [],
    upSampling: 'transpose',
    downsample: 'maxPool',
    bias: false,
    seRatio: 0,
    dropout: 0,
    deepSupervision: false,
    supervisionWeights: [],
    padInput: false,
    ...own,
  };
}

/**
 * How a decoder doubles its maps: by a transposed convolution ('transpose', as the paper), by repeating pixels and a
 * 3 × 3 convolution ('nearest', LeeJunHyun/Image_Segmentation), or bilinearly, with half-pixel centres or, as
 * milesial/Pytorch-UNet and 4uiiurz1/pytorch-nested-unet, with aligned corners.
 */
export type UpSampling = (typeof UP_SAMPLINGS)[number];
const UP_SAMPLINGS = ['transpose', 'nearest', 'bilinear', 'bilinearAligned'] as const;

/**
 * How an encoder halves its maps: by a 2 × 2 max pool, by a 3 × 3 convolution with stride 2 ('stride', Springenberg et
 * al. 2014, arXiv:1412.6806), or by a max pool with stride 1 and a blur ('blur', Zhang 2019, arXiv:1904.11486).
 */
export type Downsampling = (typeof DOWNSAMPLINGS)[number];
const DOWNSAMPLINGS = ['maxPool', 'stride', 'blur'] as const;

/** What a decoder does with the map that an encoder stage sends over: a gate weighs it first. */
export type Skip = (typeof SKIPS)[number];
const SKIPS = ['concat', 'add', 'gatedConcat', 'gatedAdd', 'none'] as const;

/** `UnetOptions`, checked and worked out. */
export interface UnetPlan {
  readonly depth: number;
  /** Channels of each stage, from the full size to the bottleneck: depth + 1. */
  readonly widths: readonly number[];
  /** Convolutions, or residual units, of each stage: depth + 1. */
  readonly depths: readonly number[];
  readonly upSampling: UpSampling;
  readonly downsample: Downsampling;
  readonly seRatio: number;
  readonly dropout: number;
  /** The weights of the auxiliary heads, from the finest; empty without deep supervision. */
  readonly supervision: readonly number[];
}

/** What is published for a family, where an option is left empty. */
export interface Published {
  /** Convolutions, or residual units, of a stage. */
  readonly stageDepth: number;
  /** The weight of an auxiliary head; 0 is the finest. */
  supervisionWeight(index: number): number;
}

/** Throws `UsageError`, naming `owner`, for a value out of its range. */
export function readUnetPlan(owner: string, options: UnetOptions, published: Published): UnetPlan {
  const { depth, filters, width, upSampling, downsample, seRatio, dropout, deepSupervision } = options;
  const require = (option: keyof UnetOptions, holds: boolean, expected: string) =>
    requireOption(owner, option, holds, expected, options[option]);
  require('depth', positiveInteger(depth), 'a positive integer');
  require('filters', positiveInteger(filters), 'a positive integer');
  require('width', width > 0, 'a positive number');
  require('seRatio', seRatio >= 0 && seRatio <= 1, 'a number in [0, 1]');
  require('dropout', dropout >= 0 && dropout < 1, 'a number in [0, 1)');
  requireOneOf(owner, 'upSampling', UP_SAMPLINGS, upSampling);
  requireOneOf(owner, 'downsample', DOWNSAMPLINGS, downsample);
  require('deepSupervision', !deepSupervision || depth > 1, 'false where depth is 1');
  for (const option of ['stageWidths', 'stageDepths'] as const) {
    require(option, fits(
      options[option],
      depth + 1,
      positiveInteger,
    ), `none or ${depth + 1} positive integers`);
  }
  const heads = depth - 1;
  const weights = options.supervisionWeights;
  const weighs = fits(weights, heads, (weight) => weight >= 0);
  require('supervisionWeights', weighs, `none or ${heads} numbers of at least 0`);
  const stages = (own: readonly number[], otherwise: (stage: number) => number) =>
    own.length > 0 ? own : Array.from({ length: depth + 1 }, (_, stage) => otherwise(stage));
  return {
    depth,
    widths: stages(options.stageWidths, (stage) => filters * 2 ** stage).map((channels) =>
      Math.max(1, Math.round(channels * width)),
    ),
    depths: stages(options.stageDepths, () => published.stageDepth),
    upSampling: upSampling as UpSampling,
    downsample: downsample as Downsampling,
    seRatio,
    dropout,
    supervision: deepSupervision ? headWeights(weights, heads, published) : [],
  };
}

function headWeights(own: readonly number[], heads: number, published: Published): readonly number[] {
  return own.length > 0
    ? own
    : Array.from({ length: heads }, (_, index) => published.supervisionWeight(index));
}

/** The skip of each level, from the full size: one for all, or one for each. */
export function readSkips(owner: string, skips: readonly string[], depth: number): readonly Skip[] {
  const known = skips.every((skip) => (SKIPS as readonly string[]).includes(skip));
  const counts = skips.length === 1 || skips.length === depth;
  const expected = `one for all ${depth} levels, or one for each, of ${SKIPS.join(', ')}`;
  requireOption(owner, 'skips', known && counts, expected, skips);
  return Array.from({ length: depth }, (_, index) => (skips[index] ?? skips[0]) as Skip);
}

function positiveInteger(value: number): boolean {
  return Number.isInteger(value) && value > 0;
}

/** Whether a list is empty or as long as it must be, of values that hold. */
function fits(list: readonly number[], length: number, holds: (value: number) => boolean): boolean {
  return list.length === 0 || (list.length === length && list.every(holds));
}
