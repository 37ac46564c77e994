// MobileNets: convolutions of single channels, and 1 × 1 convolutions between them.

import * as tf from '@tensorflow/tfjs';
import type { Options, Widen } from '../options.ts';
import { squeezeExcite } from './attention.ts';
import {
  activate,
  type ConvSettings,
  convNorm,
  convNormRelu,
  dense,
  depthwiseConv,
  dropout,
  imageInput,
  norm,
  type Style,
} from './blocks.ts';
import { glorotUniform } from './initialisers.ts';
import { defineNet } from './net.ts';
import { readStages, reducedBy, requireRate, requireRatio, requireSide, requireWidth } from './stages.ts';
import { readStyle, requireOneOf, styleOptions } from './style.ts';
import { add, blurPool, globalAveragePool } from './weightless.ts';

type X = tf.SymbolicTensor;

interface Spatial {
  readonly stride: number;
  /** Of convolutions with a stride. Default: 'same', as TensorFlow. */
  readonly padding?: ConvSettings['padding'];
  /** 'blur': the convolution has no stride, and a blur after it halves the map. Default: 'stride'. */
  readonly downsample?: string;
  /** Squeeze-and-excitation after the convolution of single channels. Default: 0, none. */
  readonly seRatio?: number;
}

interface Separable extends Spatial {
  readonly name: string;
  readonly filters: number;
}

function depthwise(style: Style, x: X, name: string, spatial: Spatial): X {
  const { stride, padding = 'same', downsample = 'stride', seRatio = 0 } = spatial;
  const blurs = stride > 1 && downsample === 'blur';
  const y = depthwiseConv(style, x, { name, size: 3, stride: blurs ? 1 : stride, padding });
  const active = activate(style, norm(style, y, `${name}.norm`), `${name}.relu`);
  const halved = blurs ? blurPool(active, `${name}.blur`) : active;
  if (seRatio === 0) return halved;
  return squeezeExcite(style, halved, `${name}.attention`, reducedBy(seRatio, halved.shape[3] as number));
}

/**
 * A 3 × 3 convolution of each channel, then a 1 × 1 over all. Howard et al. 2017, MobileNets, arXiv:1704.04861,
 * figure 3; padded as TensorFlow's 'same'.
 */
export function separableBlock(style: Style, x: X, { name, filters, ...spatial }: Separable): X {
  const filtered = depthwise(style, x, `${name}.depthwise`, spatial);
  return convNormRelu(style, filtered, { name: `${name}.pointwise`, filters, size: 1 });
}

/**
 * Expands the channels `expansion` times (1: not at all), convolves each, and projects them down without activation;
 * with the input added where the shape stays. Sandler et al. 2018, MobileNetV2, arXiv:1801.04381, table 1.
 */
export function invertedResidual(
  style: Style,
  input: X,
  block: Separable & { readonly expansion: number },
): X {
  const { name, filters, expansion, ...spatial } = block;
  const channels = input.shape[3] as number;
  const expanded =
    expansion === 1
      ? input
      : convNormRelu(style, input, { name: `${name}.expand`, filters: channels * expansion, size: 1 });
  const filtered = depthwise(style, expanded, `${name}.depthwise`, spatial);
  const projected = convNorm(style, filtered, { name: `${name}.project`, filters, size: 1 });
  return spatial.stride === 1 && channels === filters ? add([input, projected], `${name}.add`) : projected;
}

/** Channels, blocks, and the stride of the first block, of each stage. */
interface Stages {
  readonly widths: readonly number[];
  readonly depths: readonly number[];
  readonly strides: readonly number[];
}

/** Howard et al. 2017, table 1. */
const stagesV1: Stages = {
  widths: [64, 128, 256, 512, 1024],
  depths: [1, 2, 2, 6, 2],
  strides: [1, 2, 2, 2, 2],
};

/** Sandler et al. 2018, table 2. */
const stagesV2: Stages = {
  widths: [16, 24, 32, 64, 96, 160, 320],
  depths: [1, 2, 3, 4, 3, 3, 1],
  strides: [1, 2, 2, 2, 1, 2, 1],
};

const shared = {
  ...styleOptions({ activation: 'relu6', normEpsilon: 1e-3, initialiser: 'glorotUniform' }),
  /** Blocks of each stage; empty: those of the paper. */
  stageDepths: [],
  /** Channels of each stage, before `width` multiplies them; empty: those of the paper. */
  stageWidths: [],
  /** 'imagenet' halves the image at once; 'small', with stride 1, is for images up to about 64 × 64. */
  stem: 'imagenet',
  /**
   * Later halvings: 'stride' of a convolution, or 'blur' after it, against aliasing. Zhang 2019, Making convolutional
   * networks shift-invariant again, arXiv:1904.11486.
   */
  downsample: 'stride',
  /**
   * Squeeze-and-excitation after each convolution of single channels, with this share of its channels in between; 0:
   * none. As in Tan et al. 2018, MnasNet, arXiv:1807.11626, figure 7.
   */
  seRatio: 0,
} as const satisfies Options;

/**
 * MobileNet, for images of any size.
 *
 * Layers, padding and initial weights as in Keras' MobileNet, whose parameter counts it has: ReLU6, epsilon 1e-3.
 * Departures: the moving averages of normalisation follow faster (0.9; Keras 0.99), and initial weights of the
 * convolutions of single channels are drawn for what they see, not for all channels.
 */
export const mobilenetV1 = defineNet({
  task: 'classification',
  source:
    'Howard et al. 2017, MobileNets: Efficient convolutional neural networks for mobile vision applications, arXiv:1704.04861',
  defaults: {
    ...shared,
    /** α in the paper: multiplies the channels of every layer, rounded down. Published: 1, 0.75, 0.5 and 0.25. */
    width: 1,
    /** Of the features before the classifier. */
    dropout: 0.001,
  },
  build({ imageShape, classes }, options, random) {
    const blocks = readBlocks('mobilenetV1', imageShape, options, stagesV1);
    const style = readStyle('mobilenetV1', options, random);
    const scale = (channels: number) => Math.max(1, Math.floor(channels * options.width));
    const { images, x: pixels } = imageInput(style, imageShape);
    let x = convNormRelu(style, pixels, {
      name: 'conv1',
      filters: scale(32),
      size: 3,
      stride: stemStride(options),
    });
    for (const { channels, ...block } of blocks) {
      x = separableBlock(style, x, { ...block, ...spatialOf(options), filters: scale(channels) });
    }
    const logits = classifier(style, x, classes, options.dropout);
    return { model: tf.model({ name: 'mobilenetV1', inputs: images, outputs: logits }) };
  },
});

/**
 * MobileNetV2, for images of any size: bottlenecks without activation, expanded six times inside.
 *
 * Layers, padding and initial weights as in Keras' MobileNetV2, whose parameter counts it has; with padding 'symmetric'
 * and normEpsilon 1e-5, those of torchvision. Departures: dropout, which is torchvision's; moving averages and
 * initial weights as in `mobilenetV1`.
 */
export const mobilenetV2 = defineNet({
  task: 'classification',
  source: 'Sandler et al. 2018, MobileNetV2: Inverted residuals and linear bottlenecks, arXiv:1801.04381',
  defaults: {
    ...shared,
    /**
     * α in the paper: multiplies the channels of every layer, rounded to multiples of 8; those of the last convolution
     * only where it is above 1.
     */
    width: 1,
    /** Of the features before the classifier. */
    dropout: 0.2,
    /** Of convolutions with a stride: 'same', as TensorFlow, or 'symmetric', as PyTorch. */
    padding: 'same',
  },
  build({ imageShape, classes }, options, random) {
    const blocks = readBlocks('mobilenetV2', imageShape, options, stagesV2);
    requireOneOf('mobilenetV2', 'padding', ['same', 'symmetric'], options.padding);
    const style = readStyle('mobilenetV2', options, random);
    const scale = (channels: number) => toMultipleOf8(channels * options.width);
    const padding = options.padding as 'same' | 'symmetric';
    const stem = { name: 'conv1', filters: scale(32), size: 3, stride: stemStride(options), padding };
    const { images, x: pixels } = imageInput(style, imageShape);
    let x = convNormRelu(style, pixels, stem);
    for (const [index, { channels, ...block }] of blocks.entries()) {
      // The first block has few channels to begin with, at the largest size.
      const expansion = index === 0 ? 1 : 6;
      const filters = scale(channels);
      x = invertedResidual(style, x, { ...block, ...spatialOf(options), padding, filters, expansion });
    }
    const last = options.width > 1 ? scale(1280) : 1280;
    x = convNormRelu(style, x, { name: 'head', filters: last, size: 1 });
    const logits = classifier(style, x, classes, options.dropout);
    return { model: tf.model({ name: 'mobilenetV2', inputs: images, outputs: logits }) };
  },
});

type SharedOptions = Widen<typeof shared & { width: number; dropout: number }>;

/** The blocks of all stages in a row, named `stage1.1`, `stage2.1`, …, with channels before they are multiplied. */
function readBlocks(
  owner: string,
  imageShape: readonly [number, number, number],
  options: SharedOptions,
  published: Stages,
): { readonly name: string; readonly channels: number; readonly stride: number }[] {
  requireWidth(owner, options.width);
  requireRate(owner, options.dropout);
  requireRatio(owner, options.seRatio);
  requireOneOf(owner, 'stem', ['imagenet', 'small'], options.stem);
  requireOneOf(owner, 'downsample', ['stride', 'blur'], options.downsample);
  const depths = readStages(owner, 'stageDepths', options.stageDepths, published.depths);
  const widths = readStages(owner, 'stageWidths', options.stageWidths, published.widths);
  const halvings = published.strides.filter((stride) => stride > 1).length + (stemStride(options) - 1);
  if (options.downsample === 'blur') {
    // What is blurred is reflected at its edges, and has 2 pixels at least.
    requireSide(
      owner,
      imageShape,
      2 ** (halvings - 1) + 1,
      "Enlarge the images or choose downsample: 'stride'.",
    );
  }
  return depths.flatMap((depth, stage) =>
    Array.from({ length: depth }, (_, index) => ({
      name: `stage${stage + 1}.${index + 1}`,
      channels: widths[stage] as number,
      stride: index === 0 ? (published.strides[stage] as number) : 1,
    })),
  );
}

function stemStride({ stem }: { readonly stem: string }): number {
  return stem === 'small' ? 1 : 2;
}

function spatialOf({ downsample, seRatio }: SharedOptions): Pick<Spatial, 'downsample' | 'seRatio'> {
  return { downsample, seRatio };
}

function classifier(style: Style, x: X, classes: number, rate: number): X {
  const features = globalAveragePool(x, 'gap');
  const kept = rate > 0 ? dropout(style.random, features, 'dropout', rate) : features;
  return dense(style.random, kept, 'logits', classes, glorotUniform);
}

/** The nearest multiple of 8, but not less than 0.9 of `channels`: `_make_divisible` of the authors' code. */
function toMultipleOf8(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}
