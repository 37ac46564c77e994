// 3D U-Net, on volumes `[batch, depth, height, width, channels]`.

import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';
import { dropout, type Style } from './blocks.ts';
import { defineNet } from './net.ts';
import { multiplesOf, type Sides, unpaddedSides } from './pad-input.ts';
import { readStages, requireRate, requireWidth } from './stages.ts';
import { readStyle, requireOneOf, styleOptions } from './style.ts';
import {
  convNormRelu3d,
  maxPool3d,
  pointConv3d,
  resizeVolume,
  upConv3d,
  volumeInput,
} from './volume-blocks.ts';
import { concatenate } from './weightless.ts';

type X = tf.SymbolicTensor;
type Volume = readonly [depth: number, height: number, width: number];
type Padding = 'same' | 'valid';

interface Stage {
  /** 1 is the full size. */
  readonly level: number;
  /** Channels of each convolution. */
  readonly filters: readonly number[];
  /** Default: 'same'. */
  readonly padding?: Padding;
}

/** A 3 × 3 × 3 convolution, normalisation and ReLU for each of `filters`, named `<name>.conv1`, … */
export function convolutions3d(
  style: Style,
  input: X,
  name: string,
  { filters, padding = 'same' }: Omit<Stage, 'level'>,
): X {
  return filters.reduce(
    (x, width, i) => convNormRelu3d(style, x, `${name}.conv${i + 1}`, width, padding),
    input,
  );
}

/** Convolutions, whose result is the skip, and the same halved. */
export function encoderStep3d(style: Style, x: X, stage: Stage): { readonly skip: X; readonly pooled: X } {
  const skip = convolutions3d(style, x, `encoder${stage.level}`, stage);
  return { skip, pooled: maxPool3d(skip, `pool${stage.level}`) };
}

/** Doubles the volume, its channels kept, stacks it behind the skip, which is cropped to its size, and convolves. */
export function decoderStep3d(
  style: Style,
  x: X,
  skip: X,
  stage: Stage & { readonly upFilters: number; readonly upBias?: boolean },
): X {
  const name = `decoder${stage.level}`;
  const up = upConv3d(style, x, `${name}.up`, stage.upFilters, stage.upBias);
  const cropped = resizeVolume(skip, sizeOf(up), `${name}.crop`);
  return convolutions3d(style, concatenate([cropped, up], `${name}.concat`), name, stage);
}

function sizeOf(x: X): Volume {
  return x.shape.slice(1, -1) as number[] as unknown as Volume;
}

/**
 * 3D U-Net. Volumes are `[batch, depth, height, width, channels]`, with `depth` in the shape that it is built for; the
 * output is `[batch, depth, height, width, classes]`, the size of the input.
 *
 * Depth, height and width must be multiples of 8 (2 to the number of halvings), unless `padInput` is set.
 *
 * Preset 'original' is the paper's, which gives logits of the volume's middle only; it has the paper's 19 069 955
 * parameters beside the gains and offsets of normalisation, which the paper does not count (without `normScale` and
 * `normOffset`, exactly). Departures of the defaults: padded convolutions, so that input and output match; biases where
 * they act, in the transposed convolutions. It evaluates with moving averages, where the paper normalises with the batch.
 */
export const unet3d = defineNet({
  task: 'segmentation',
  volumes: true,
  source:
    'Çiçek et al. 2016, 3D U-Net: Learning dense volumetric segmentation from sparse annotation, arXiv:1606.06650',
  defaults: {
    ...styleOptions(),
    /** Whether normalisation has an offset (beta) beside its gain. */
    normOffset: true,
    /** How often the volume is halved. */
    depth: 3,
    /** Channels of the first convolution; each stage doubles them, before it halves the volume. */
    filters: 32,
    /** Channels that leave each stage, from the full size down to the bottleneck, in the place of the doubled `filters`. */
    stageWidths: [],
    /** Convolutions of each stage, from the full size down to the bottleneck; the first has half the channels. Empty: 2. */
    stageDepths: [],
    /** Multiplies the channels of all stages, rounded. */
    width: 1,
    /** 'same', or 'valid' as in the paper: convolutions without padding, where volumes shrink. */
    padding: 'same',
    /** Gives convolutions biases in front of their normalisation too. */
    bias: false,
    /** Gives transposed convolutions biases. */
    upBias: true,
    /** In front of the last convolution. */
    dropout: 0,
    /** Pads volumes to the next size that the net takes, and cuts the logits back: volumes of any size. */
    padInput: false,
  },
  presets: { original: { padding: 'valid', bias: true, upBias: false } },
  build(shape, options, random) {
    const { filters, depths, sides } = readPlan(options);
    const { padding, padInput, upBias, dropout: rate } = options as typeof options & { padding: Padding };
    const own: Volume = [shape.depth as number, shape.imageShape[0], shape.imageShape[1]];
    const size = workingVolume(own, sides, padInput);
    const read = readStyle('unet3d', options, random);
    const norm = read.norm === 'none' ? read.norm : { ...read.norm, center: options.normOffset };
    const style: Style = { ...read, norm, bias: options.bias };

    const { volumes, x: voxels } = volumeInput(style, [...own, shape.imageShape[2]], size);
    const skips: X[] = [];
    let x = voxels;
    for (let level = 1; level <= options.depth; level++) {
      const step = encoderStep3d(style, x, { level, filters: down(filters, depths, level), padding });
      skips.push(step.skip);
      x = step.pooled;
    }
    const bottom = options.depth + 1;
    x = convolutions3d(style, x, 'bottleneck', { filters: down(filters, depths, bottom), padding });
    for (let level = options.depth; level > 0; level--) {
      const stage = { level, filters: Array(depths[level - 1]!).fill(filters[level - 1]!), padding };
      x = decoderStep3d(style, x, skips[level - 1]!, { ...stage, upFilters: filters[level]!, upBias });
    }
    const kept = rate > 0 ? dropout(random, x, 'dropout', rate) : x;
    const logits = pointConv3d(style, kept, 'head', shape.classes);
    const larger = sizeOf(logits).some((length, axis) => length > own[axis]!);
    const outputs = larger ? resizeVolume(logits, own, 'crop') : logits;
    return { model: tf.model({ name: 'unet3d', inputs: volumes, outputs }) };
  },
});

/** The channels of a stage's convolutions on the way down: half of those that leave it, then all. */
function down(filters: readonly number[], depths: readonly number[], level: number): number[] {
  const [leaving, depth] = [filters[level - 1]!, depths[level - 1]!];
  const half = Math.max(1, Math.floor(leaving / 2));
  return Array.from({ length: depth }, (_, i) => (i === 0 && depth > 1 ? half : leaving));
}

interface PlanOptions {
  readonly depth: number;
  readonly filters: number;
  readonly stageWidths: readonly number[];
  readonly stageDepths: readonly number[];
  readonly width: number;
  readonly padding: string;
  readonly dropout: number;
}

/** Channels and convolutions of each stage, from the full size to the bottleneck, and the lengths that these take. */
function readPlan(options: PlanOptions): {
  readonly filters: readonly number[];
  readonly depths: readonly number[];
  readonly sides: Sides;
} {
  const owner = 'unet3d';
  const { depth, filters, width, padding } = options;
  const positive = (option: 'depth' | 'filters', value: number) =>
    requireOption(owner, option, Number.isInteger(value) && value > 0, 'a positive integer', value);
  positive('depth', depth);
  positive('filters', filters);
  requireWidth(owner, width);
  requireRate(owner, options.dropout);
  requireOneOf(owner, 'padding', ['same', 'valid'], padding);
  const stages = Array.from({ length: depth + 1 }, (_, stage) => stage);
  const doubled = stages.map((stage) => filters * 2 ** (stage + 1));
  const widths = readStages(owner, 'stageWidths', options.stageWidths, doubled);
  const depths = readStages(owner, 'stageDepths', options.stageDepths, Array(depth + 1).fill(2));
  return {
    filters: widths.map((channels) => Math.max(1, Math.round(channels * width))),
    depths,
    sides: padding === 'same' ? multiplesOf(2 ** depth) : unpaddedSides(depths),
  };
}

/** The size at which the net works. Throws `UsageError` where it cannot take the volumes. */
function workingVolume(own: Volume, sides: Sides, padInput: boolean): Volume {
  if (padInput) return own.map((length) => sides.enclosing(length)) as unknown as Volume;
  if (own.every((length) => sides.takes(length))) return own;
  throw new UsageError(
    `unet3d: expected volumes whose depth, height and width are ${sides.expected}, received ${own.join(' × ')}. ` +
      'Resample the volumes, choose a smaller depth, or set padInput: true.',
  );
}
