// The parts of a U-Net, and the U that they make.

import type * as tf from '@tensorflow/tfjs';
import { attentionGate, squeezeExcite } from './attention.ts';
import { conv, convNormRelu, dropout, type Style, upConv } from './blocks.ts';
import { cropBack } from './pad-input.ts';
import { reducedBy } from './stages.ts';
import type { Downsampling, Skip, UnetPlan, UpSampling } from './unet-options.ts';
import { add, blurPool, concatenate, cropTo, maxPool, upBilinear, upNearest } from './weightless.ts';

type X = tf.SymbolicTensor;

export interface Convolutions {
  readonly name: string;
  /** Channels of each. */
  readonly filters: readonly number[];
  /** How they treat the edge: padded, or 'valid' as in the paper, where maps shrink. Default: same. */
  readonly padding?: 'same' | 'valid';
  /** After each of them. Default: 0, none. */
  readonly dropout?: number;
}

/** 3 × 3 convolutions with normalisation and activation, named `<name>.conv1`, … */
export function convolutions(style: Style, input: X, settings: Convolutions): X {
  const { name, filters, padding = 'same', dropout: rate = 0 } = settings;
  return filters.reduce((x, channels, index) => {
    const made = convNormRelu(style, x, {
      name: `${name}.conv${index + 1}`,
      filters: channels,
      size: 3,
      padding,
    });
    return rate > 0 ? dropout(style.random, made, `${name}.dropout${index + 1}`, rate) : made;
  }, input);
}

/** Squeeze-and-excitation with `ratio` of the channels in between, at least one; 0: none. */
export function excited(style: Style, x: X, name: string, ratio: number): X {
  if (ratio === 0) return x;
  return squeezeExcite(style, x, `${name}.se`, reducedBy(ratio, x.shape[3] as number));
}

/** A map of half the height and width. */
export function halved(style: Style, x: X, name: string, downsample: Downsampling): X {
  switch (downsample) {
    case 'maxPool':
      return maxPool(x, { name, size: 2, stride: 2 });
    case 'blur':
      return blurPool(maxPool(x, { name: `${name}.max`, size: 2, stride: 1, padding: 'same' }), name);
    case 'stride': {
      const filters = x.shape[3] as number;
      return convNormRelu(style, x, { name, filters, size: 3, stride: 2, padding: 'symmetric' });
    }
  }
}

/** A map of twice the height and width, of `filters` channels; of those it has where up-sampling has no weights. */
export function doubled(style: Style, x: X, name: string, filters: number, upSampling: UpSampling): X {
  switch (upSampling) {
    case 'transpose':
      return upConv(style, x, name, filters);
    case 'nearest':
      return convNormRelu(style, upNearest(x, `${name}.repeat`), { name, filters, size: 3 });
    default:
      return upBilinear(x, name, { alignCorners: upSampling === 'bilinearAligned' });
  }
}

/** Joins the map that comes up to `level` with the skip, cut to its size. */
export function joined(style: Style, up: X, skip: X, level: number, kind: Skip): X {
  if (kind === 'none') return up;
  const name = `decoder${level}`;
  const size = [up.shape[1] as number, up.shape[2] as number] as const;
  const fits = skip.shape[1] === size[0] && skip.shape[2] === size[1];
  const cropped = fits ? skip : cropTo(skip, size, `${name}.crop`);
  const gated = kind === 'gatedConcat' || kind === 'gatedAdd';
  const inner = Math.max(1, Math.floor((skip.shape[3] as number) / 2));
  const sent = gated ? attentionGate(style, cropped, up, `gate${level}`, inner) : cropped;
  return kind === 'add' || kind === 'gatedAdd'
    ? add([sent, up], `${name}.sum`)
    : concatenate([sent, up], `${name}.concat`);
}

/** What the nets of this shape differ in. */
export interface UParts {
  readonly skips: readonly Skip[];
  /** A stage on the way down: halves what comes from above, but for level 1, and convolves. */
  encode(x: X, level: number, stage: Convolutions): X;
  /** A stage on the way up: convolves what was joined. */
  decode(x: X, stage: Convolutions): X;
  /** Whether a map keeps its channels where it is doubled and concatenated; it has those of the skip otherwise. */
  readonly upKeepsChannels?: boolean;
}

/**
 * Down to the bottleneck and up again: gives what the decoder made at each level, the full size first. Stages are named
 * `encoder1`, …, `bottleneck`, …, `decoder1`.
 *
 * Bilinear up-sampling has no weights to change channels: a stage below it ends in the channels of the next finer one,
 * as in milesial/Pytorch-UNet, and the bottleneck has no others.
 */
export function uShape(style: Style, pixels: X, plan: UnetPlan, parts: UParts): X[] {
  const { depth, widths, depths, upSampling } = plan;
  const bilinear = upSampling === 'bilinear' || upSampling === 'bilinearAligned';
  const stage = (name: string, level: number, own: number, last = own): Convolutions => {
    const filters = Array.from({ length: depths[level - 1]! }, () => own);
    return { name, filters: filters.with(-1, last) };
  };
  const encoded: X[] = [];
  let x = pixels;
  for (let level = 1; level <= depth; level++) {
    x = parts.encode(x, level, stage(`encoder${level}`, level, widths[level - 1]!));
    encoded.push(x);
  }
  const deepest = bilinear ? widths[depth - 1]! : widths[depth]!;
  x = parts.encode(x, depth + 1, stage('bottleneck', depth + 1, deepest));
  const decoded: X[] = [];
  for (let level = depth; level >= 1; level--) {
    const kind = parts.skips[level - 1]!;
    const own = widths[level - 1]!;
    const keeps = parts.upKeepsChannels && (kind === 'concat' || kind === 'gatedConcat');
    const up = doubled(style, x, `decoder${level}.up`, keeps ? (x.shape[3] as number) : own, upSampling);
    const last = bilinear ? widths[Math.max(level - 2, 0)]! : own;
    const both = joined(style, up, encoded[level - 1]!, level, kind);
    x = parts.decode(both, stage(`decoder${level}`, level, own, last));
    decoded.unshift(x);
  }
  return decoded;
}

/**
 * The logits, `[batch, height, width, classes]`, and those of `auxiliary` heads on the coarser maps of the decoder,
 * brought to the same size bilinearly; all cut to the size of the images where they are larger. Of such heads:
 * Lee et al. 2014, Deeply-supervised nets, arXiv:1409.5185.
 */
export function segmentationHeads(
  style: Style,
  decoded: readonly X[],
  { classes, auxiliary, size }: { classes: number; auxiliary: number; size: readonly [number, number] },
): X[] {
  const [, height, width] = decoded[0]!.shape as [null, number, number, number];
  const least = [Math.min(height, size[0]), Math.min(width, size[1])] as const;
  return decoded.slice(0, auxiliary + 1).map((x, index) => {
    const name = index === 0 ? 'head' : `head${index + 1}`;
    const own = conv(style, x, { name, filters: classes, size: 1 }, true);
    const full = index === 0 ? own : upBilinear(own, `${name}.up`, { factor: 2 ** index });
    return cropBack(full, least, `${name}.crop`);
  });
}
