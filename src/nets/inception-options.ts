// The options that the Inception nets share, and what they stand for.

import { UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';
import type { Random } from '../random.ts';
import type { InceptionStyle, Scale } from './inception-blocks.ts';
import type { NetShape } from './net.ts';
import { readStyle, requireOneOf, type StyleOptions, styleOptions } from './style.ts';

export interface InceptionOptions extends StyleOptions {
  /** 'imagenet' shrinks images as published; 'small' has the same convolutions and keeps the size, for images of about 32 × 32. */
  readonly stem: string;
  /** One more classifier on maps in the middle of the net, with a weighted loss of its own; GoogLeNet has two. */
  readonly auxiliaryHead: boolean;
  /** Multiplies the channels of every layer, rounded down; `minimumChannels` of the net are kept. */
  readonly width: number;
  /**
   * Modules of each stage; empty: as published. The last is the published last one, those before it are the published
   * ones in their order, of which the last but one is repeated where there are too few.
   */
  readonly stageDepths: readonly number[];
  /**
   * Channels of each stage, before `width`; empty: as published. All that modules and reductions of the stage compute is
   * scaled in proportion, rounded down.
   */
  readonly stageWidths: readonly number[];
  /** The share of features dropped before the classifier. */
  readonly dropout: number;
  /**
   * Squeeze-and-excitation behind each module, of a residual one on its branch: units for each channel, 1/16 as
   * published. 0: none. Hu et al. 2017, Squeeze-and-excitation networks, arXiv:1709.01507, figures 2 and 3.
   */
  readonly seRatio: number;
  /** How maps are halved: 'stride', as published, or 'blur', without aliasing. Zhang 2019, arXiv:1904.11486. */
  readonly downsample: string;
}

/** The shared options, with a net's own defaults. */
export function inceptionOptions(
  own: Partial<InceptionOptions> = {},
): InceptionOptions & Record<never, never> {
  return {
    stem: 'imagenet',
    auxiliaryHead: false,
    width: 1,
    stageDepths: [],
    stageWidths: [],
    dropout: 0.2,
    seRatio: 0,
    downsample: 'stride',
    ...styleOptions({ normEpsilon: 1e-3, normScale: false, initialiser: 'glorotUniform' }),
    ...own,
  };
}

/** What the options mean for one net. */
export interface InceptionFamily {
  readonly name: string;
  /** Modules of each stage, as published. */
  readonly stageDepths: readonly number[];
  /** Channels that each stage gives, as published. */
  readonly stageWidths: readonly number[];
  /** However small `width` is. */
  readonly minimumChannels: number;
  /** Of images, by `stem` and `downsample`. */
  readonly smallestSide: Readonly<Record<'imagenet' | 'small', Readonly<Record<'stride' | 'blur', number>>>>;
}

/** The last maps have a pixel, or two where they come out of a blur. */
export const smallestSides: InceptionFamily['smallestSide'] = {
  imagenet: { stride: 75, blur: 91 },
  small: { stride: 7, blur: 9 },
};

export interface InceptionSettings {
  readonly style: InceptionStyle;
  /** Of what belongs to no stage. */
  readonly scale: Scale;
  readonly stageScales: readonly Scale[];
  readonly stageDepths: readonly number[];
}

/** Throws `UsageError` for an option out of its range, and for images too small for the net. */
export function readInception(
  family: InceptionFamily,
  imageShape: NetShape['imageShape'],
  options: InceptionOptions,
  random: Random,
): InceptionSettings {
  const { name } = family;
  const { stem, width, dropout, seRatio, downsample } = options;
  requireOneOf(name, 'stem', ['imagenet', 'small'], stem);
  requireOneOf(name, 'downsample', ['stride', 'blur'], downsample);
  requireOption(name, 'width', width > 0, 'a positive number', width);
  requireOption(name, 'dropout', dropout >= 0 && dropout < 1, 'a number in [0, 1)', dropout);
  requireOption(name, 'seRatio', seRatio >= 0 && seRatio <= 1, 'a number in [0, 1]', seRatio);
  const stageDepths = readStages(family, options, 'stageDepths');
  const stageWidths = readStages(family, options, 'stageWidths');
  requireSize(family, imageShape, options);
  const scaleBy = (factor: number) => (channels: number) =>
    Math.max(Math.floor(channels * factor), family.minimumChannels);
  return {
    style: { ...readStyle(name, options, random), downsample: downsample as 'stride' | 'blur', seRatio },
    scale: scaleBy(width),
    stageScales: stageWidths.map((chosen, stage) =>
      scaleBy((chosen / (family.stageWidths[stage] as number)) * width),
    ),
    stageDepths,
  };
}

function readStages(
  family: InceptionFamily,
  options: InceptionOptions,
  option: 'stageDepths' | 'stageWidths',
): readonly number[] {
  const [published, chosen] = [family[option], options[option]];
  if (chosen.length === 0) return published;
  const holds = chosen.length === published.length && chosen.every((n) => Number.isInteger(n) && n > 0);
  requireOption(family.name, option, holds, `${published.length} positive integers or none`, chosen);
  return chosen;
}

function requireSize(
  { name, smallestSide }: InceptionFamily,
  [height, width]: NetShape['imageShape'],
  { stem, downsample }: InceptionOptions,
): void {
  const smallest = smallestSide[stem as 'imagenet' | 'small'][downsample as 'stride' | 'blur'];
  if (Math.min(height, width) >= smallest) return;
  const advice = stem === 'imagenet' ? "Choose stem: 'small' or enlarge the images." : 'Enlarge the images.';
  throw new UsageError(
    `${name} with the stem '${stem}'${downsample === 'blur' ? " and downsample: 'blur'" : ''}: expected images of ` +
      `at least ${smallest} × ${smallest}, received ${height} × ${width}. ${advice}`,
  );
}

/** What each of `depth` modules of a stage has, by `stageDepths`' rule. */
export function spread<T>(published: readonly T[], depth: number): T[] {
  const inner = published.slice(0, -1);
  const before = Array.from({ length: depth - 1 }, (_, i) => inner[Math.min(i, inner.length - 1)] as T);
  return [...before, published.at(-1) as T];
}
