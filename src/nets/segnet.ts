// SegNet. The decoder doubles maps by putting values back where the encoder's max pools found their maxima.

import * as tf from '@tensorflow/tfjs';
import { squeezeExcite } from './attention.ts';
import { conv, convNormRelu, dropout, imageInput, type Style } from './blocks.ts';
import { defineNet } from './net.ts';
import { cropBack, multiplesOf } from './pad-input.ts';
import { readStages, reducedBy, requireRate, requireRatio, requireWidth } from './stages.ts';
import { readStyle, styleOptions } from './style.ts';
import { maxPoolWithIndices, maxUnpool } from './weightless.ts';

type X = tf.SymbolicTensor;

/** Convolutions in a row, named `<name>.conv1`, `<name>.conv2`, …, one for each of `filters`. */
function convolutions(style: Style, input: X, name: string, filters: readonly number[]): X {
  return filters.reduce(
    (x, width, i) => convNormRelu(style, x, { name: `${name}.conv${i + 1}`, filters: width, size: 3 }),
    input,
  );
}

interface Stage {
  /** 1 is the full size. */
  readonly level: number;
  /** Channels of each convolution. */
  readonly filters: readonly number[];
  /** Squeeze-and-excitation after the last convolution. Default: 0, none. */
  readonly seRatio?: number;
}

function stage(style: Style, x: X, name: string, { filters, seRatio = 0 }: Stage): X {
  const map = convolutions(style, x, name, filters);
  if (seRatio === 0 || filters.length === 0) return map;
  return squeezeExcite(style, map, `${name}.attention`, reducedBy(seRatio, map.shape[3] as number));
}

/** Convolutions, and their maxima; `map` is in front of the pool, and `indices` say where in it the maxima were. */
export function segnetEncoder(
  style: Style,
  x: X,
  settings: Stage,
): { readonly map: X; readonly pooled: X; readonly indices: X } {
  const map = stage(style, x, `encoder${settings.level}`, settings);
  return { map, ...maxPoolWithIndices(map, `pool${settings.level}`) };
}

/** Doubles `x` by putting its values where `map` of the encoder had its maxima, and convolves. */
export function segnetDecoder(
  style: Style,
  x: X,
  { map, indices }: { readonly map: X; readonly indices: X },
  settings: Stage,
): X {
  const unpooled = maxUnpool(x, { before: map, indices }, `unpool${settings.level}`);
  return stage(style, unpooled, `decoder${settings.level}`, settings);
}

/** The encoder is that of VGG16: Simonyan and Zisserman 2014, arXiv:1409.1556, table 1, column D. */
const published = { depths: [2, 2, 3, 3, 3], widths: [64, 128, 256, 512, 512] };

/**
 * SegNet: the convolutions of VGG16, and their mirror image. The output is `[batch, height, width, classes]`, the size of
 * the input. It takes images of any size, since odd maps are halved upwards.
 *
 * Layers as in the authors' definition for Caffe, alexgkendall/SegNet-Tutorial, whose parameter count it has: biases in
 * front of normalisation, and a last convolution of 3 × 3 to the classes. Squeeze-and-excitation and dropout are ours.
 */
export const segnet = defineNet({
  task: 'segmentation',
  source:
    'Badrinarayanan et al. 2015, SegNet: A deep convolutional encoder-decoder architecture for image segmentation, arXiv:1511.00561',
  defaults: {
    ...styleOptions(),
    /** Convolutions of each stage of the encoder; the decoder mirrors them. Empty: 2, 2, 3, 3, 3. Any number of stages. */
    stageDepths: [],
    /** Channels of each stage, before `width` multiplies them. Empty: 64, 128, 256, 512, 512. */
    stageWidths: [],
    /** Multiplies the channels of all stages, rounded. */
    width: 1,
    /** Squeeze-and-excitation at the end of each stage, with this share of its channels in between; 0: none. */
    seRatio: 0,
    /** In front of the last convolution. */
    dropout: 0,
    /** Pads images until no map is odd when it is halved, and cuts the logits back. */
    padInput: false,
  },
  build({ imageShape, classes }, options, random) {
    const { depths, widths } = readPlan(options);
    const { seRatio, dropout: rate } = options;
    const style = { ...readStyle('segnet', options, random), bias: true };
    const own = [imageShape[0], imageShape[1]] as const;
    const { enclosing } = multiplesOf(2 ** depths.length);
    const size = options.padInput ? ([enclosing(own[0]), enclosing(own[1])] as const) : own;

    const { images, x: pixels } = imageInput(style, imageShape, size);
    const encoded: ReturnType<typeof segnetEncoder>[] = [];
    let x = pixels;
    for (const [index, depth] of depths.entries()) {
      const filters = Array<number>(depth).fill(widths[index]!);
      const step = segnetEncoder(style, x, { level: index + 1, filters, seRatio });
      encoded.push(step);
      x = step.pooled;
    }
    for (let level = depths.length; level > 0; level--) {
      const filters = Array<number>(depths[level - 1]!).fill(widths[level - 1]!);
      // The last convolution of a stage leads to the channels of the next; at the full size, it gives the classes.
      filters.pop();
      if (level > 1) filters.push(widths[level - 2]!);
      x = segnetDecoder(style, x, encoded[level - 1]!, { level, filters, seRatio });
    }
    const kept = rate > 0 ? dropout(random, x, 'dropout', rate) : x;
    const logits = conv(style, kept, { name: 'head', filters: classes, size: 3 }, true);
    return { model: tf.model({ name: 'segnet', inputs: images, outputs: cropBack(logits, own, 'crop') }) };
  },
});

interface PlanOptions {
  readonly stageDepths: readonly number[];
  readonly stageWidths: readonly number[];
  readonly width: number;
  readonly seRatio: number;
  readonly dropout: number;
}

function readPlan({ stageDepths, stageWidths, width, seRatio, dropout }: PlanOptions): {
  readonly depths: readonly number[];
  readonly widths: readonly number[];
} {
  requireWidth('segnet', width);
  requireRatio('segnet', seRatio);
  requireRate('segnet', dropout);
  const depths = readStages('segnet', 'stageDepths', stageDepths, published.depths, 'any');
  // Deeper than published, the channels stay.
  const channels = depths.map((_, index) => published.widths[index] ?? 512);
  const widths = readStages('segnet', 'stageWidths', stageWidths, channels);
  return { depths, widths: widths.map((filters) => Math.max(1, Math.round(filters * width))) };
}
