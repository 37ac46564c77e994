import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { squeezeExcite } from './attention.ts';
import { activate, conv, convNormRelu, dense, imageInput, norm, type Style } from './blocks.ts';
import { denseBlock, transition } from './densenet-blocks.ts';
import { fanInUniform } from './initialisers.ts';
import { defineNet } from './net.ts';
import { readStages, reducedBy, requireRate, requireRatio, requireSide, requireWidth } from './stages.ts';
import { readStyle, requireOneOf, styleOptions } from './style.ts';
import { blurPool, globalAveragePool, maxPool, zeroPad } from './weightless.ts';

type X = tf.SymbolicTensor;

export interface DenseOptions {
  /** Layers of each block; empty: 6, 12, 24, 16. Any number of blocks. */
  readonly stageDepths: readonly number[];
  /** New channels of each layer, block by block, in the place of `growth`. */
  readonly stageWidths: readonly number[];
  /** New channels of each layer: k in the paper. */
  readonly growth: number;
  /** Channels of the 1 × 1 convolution in each layer, in multiples of its new ones; 0: there is none. */
  readonly bottleneck: number;
  /** The share of channels that is left between two blocks: θ in the paper. */
  readonly compression: number;
  /** Channels in front of the first block. */
  readonly stemFilters: number;
  /** Multiplies `growth`, or `stageWidths`, and `stemFilters`, rounded. */
  readonly width: number;
  /**
   * 'imagenet' quarters the image at once (7 × 7 with stride 2, then a max pool); 'small', a 3 × 3 with stride 1,
   * is for images up to about 64 × 64.
   */
  readonly stem: string;
  /**
   * Between blocks: 'pool', or 'blur' in its place, and after a dense max pool in the stem, against aliasing. Zhang 2019,
   * Making convolutional networks shift-invariant again, arXiv:1904.11486.
   */
  readonly downsample: string;
  /** Squeeze-and-excitation after each block, with this share of its channels in between; 0: none. */
  readonly seRatio: number;
  /** After each convolution but the first. The paper: 0.2 where images are not augmented. */
  readonly dropout: number;
}

/** The options of densely connected encoders, with a family's own defaults. */
export function denseOptions(own: Partial<DenseOptions> = {}): DenseOptions & Record<never, never> {
  return {
    stageDepths: [],
    stageWidths: [],
    growth: 32,
    bottleneck: 4,
    compression: 0.5,
    stemFilters: 64,
    width: 1,
    stem: 'imagenet',
    downsample: 'pool',
    seRatio: 0,
    dropout: 0,
    ...own,
  };
}

/**
 * Densely connected net: each layer sees what all before it in its block made.
 *
 * DenseNet-BC-121 unless options say otherwise; the presets for small images are those of the paper's table 2. Layers and
 * padding as in torchvision and keras.applications, whose parameter counts it has; initial weights as in torchvision, only
 * the bias of the last layer starts at 0.
 */
export const densenet = defineNet({
  task: 'classification',
  source: 'Huang et al. 2016, Densely connected convolutional networks, arXiv:1608.06993',
  defaults: { ...styleOptions(), ...denseOptions() },
  presets: {
    densenet121: {},
    densenetCifar40: {
      stem: 'small',
      stageDepths: [12, 12, 12],
      stemFilters: 16,
      growth: 12,
      bottleneck: 0,
      compression: 1,
    },
    densenetBc100: { stem: 'small', stageDepths: [16, 16, 16], stemFilters: 24, growth: 12 },
  },
  build({ imageShape, classes }, options, random) {
    const plan = readDensePlan('densenet', options, [6, 12, 24, 16]);
    const advice = "Enlarge the images, choose stem: 'small', or fewer stageDepths.";
    requireSide('densenet', imageShape, smallestSide(plan), advice);
    const style = readStyle('densenet', options, random);
    const { images, x } = imageInput(style, imageShape);
    const { maps } = denseEncoder(style, x, plan);
    const features = globalAveragePool(maps, 'gap');
    const logits = dense(random, features, 'logits', classes, fanInUniform);
    return { model: tf.model({ name: 'densenet', inputs: images, outputs: logits }) };
  },
});

/** `DenseOptions`, checked and worked out. */
export interface DensePlan {
  /** Layers of each block. */
  readonly depths: readonly number[];
  /** New channels of each layer, block by block. */
  readonly growths: readonly number[];
  readonly stemFilters: number;
  readonly options: DenseOptions;
}

/** Throws `UsageError`, naming `owner`, for an option out of its range. */
export function readDensePlan(owner: string, options: DenseOptions, published: readonly number[]): DensePlan {
  const { growth, stageWidths, bottleneck, compression, stemFilters, width } = options;
  const positive = (option: 'growth' | 'stemFilters', value: number) =>
    requireOption(owner, option, Number.isInteger(value) && value > 0, 'a positive integer', value);
  positive('growth', growth);
  positive('stemFilters', stemFilters);
  requireOption(owner, 'bottleneck', bottleneck >= 0, 'at least 0', bottleneck);
  requireOption(owner, 'compression', compression > 0 && compression <= 1, 'a number in (0, 1]', compression);
  requireWidth(owner, width);
  requireRate(owner, options.dropout);
  requireRatio(owner, options.seRatio);
  requireOneOf(owner, 'stem', ['imagenet', 'small'], options.stem);
  requireOneOf(owner, 'downsample', ['pool', 'blur'], options.downsample);
  const depths = readStages(owner, 'stageDepths', options.stageDepths, published, 'any');
  const scale = (channels: number) => Math.max(1, Math.round(channels * width));
  const growths = readStages(owner, 'stageWidths', stageWidths, Array(depths.length).fill(growth));
  return { depths, growths: growths.map(scale), stemFilters: scale(stemFilters), options };
}

/** The side of the smallest image whose maps are never halved below one pixel, nor blurred below two. */
function smallestSide({ depths, options }: DensePlan): number {
  const last = 2 ** (depths.length - 1);
  if (options.stem === 'small') return last;
  // The stem's halvings round up, those between blocks down; its blur wants two pixels.
  return Math.max(4 * (last - 1) + 1, options.downsample === 'blur' ? 3 : 1);
}

/**
 * The blocks of a DenseNet and what is between them; normalised and activated at the end. `skips`: the maps that are
 * halved next, from the largest.
 */
export function denseEncoder(
  style: Style,
  pixels: X,
  plan: DensePlan,
): { readonly maps: X; readonly skips: readonly X[] } {
  const { depths, growths, options } = plan;
  const { bottleneck, compression, seRatio, dropout } = options;
  const skips: X[] = [];
  let x = stem(style, pixels, plan, skips);
  for (const [index, layers] of depths.entries()) {
    const growth = growths[index] as number;
    const thin = bottleneck > 0 ? { bottleneck: Math.max(1, Math.round(bottleneck * growth)) } : {};
    const name = `dense${index + 1}`;
    x = denseBlock(style, x, layers, { name, growth, dropout, ...thin }).all;
    const channels = x.shape[3] as number;
    if (seRatio > 0) x = squeezeExcite(style, x, `${name}.attention`, reducedBy(seRatio, channels));
    if (index === depths.length - 1) break;
    skips.push(x);
    x = transition(
      style,
      x,
      `transition${index + 1}`,
      Math.max(1, Math.floor(channels * compression)),
      options,
    );
  }
  return { maps: activate(style, norm(style, x, 'final.norm'), 'final.relu'), skips };
}

/** The small stem has neither normalisation nor activation: the first layer begins with them. */
function stem(style: Style, pixels: X, { stemFilters: filters, options }: DensePlan, skips: X[]): X {
  if (options.stem === 'small') {
    return conv(style, pixels, { name: 'conv1', filters, size: 3 }, style.norm === 'none');
  }
  const settings = { name: 'conv1', filters, size: 7, stride: 2, padding: 'symmetric' as const };
  const x = convNormRelu(style, pixels, settings);
  skips.push(x);
  if (options.downsample === 'blur') {
    const largest = maxPool(x, { name: 'maxpool', size: 3, stride: 1, padding: 'same' });
    return blurPool(largest, 'maxpool.blur');
  }
  // Padded with zeros, as in keras.applications; below ReLU and its like nothing is smaller.
  return maxPool(zeroPad(x, [1, 1], 'maxpool.pad'), { name: 'maxpool', size: 3, stride: 2 });
}
