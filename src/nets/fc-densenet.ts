import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { squeezeExcite } from './attention.ts';
import { conv, imageInput } from './blocks.ts';
import { denseBlock, transitionDown, transitionUp } from './densenet-blocks.ts';
import { defineNet } from './net.ts';
import { cropBack, multiplesOf, workingSize } from './pad-input.ts';
import { readStages, reducedBy, requireRate, requireRatio, requireWidth } from './stages.ts';
import { readStyle, requireOneOf, styleOptions } from './style.ts';

type X = tf.SymbolicTensor;

/**
 * FC-DenseNet, the "tiramisu": dense blocks down and up, of which only what the last block made is doubled, and stacked
 * with what the mirror block had. The output is `[batch, height, width, classes]`, the size of the input.
 *
 * Height and width must be multiples of 32 (2 to the number of blocks on the way down) unless `padInput` is set.
 *
 * FC-DenseNet56 unless options say otherwise; layers as in the authors' code, SimJeg/FC-DenseNet, whose parameter counts
 * it has. Departure: it evaluates with moving averages, where the authors normalise with the batch's own.
 */
export const fcDensenet = defineNet({
  task: 'segmentation',
  source:
    'Jégou et al. 2016, The one hundred layers tiramisu: Fully convolutional DenseNets for semantic segmentation, arXiv:1611.09326',
  defaults: {
    ...styleOptions({ normEpsilon: 1e-4, initialiser: 'heUniform' }),
    /**
     * Layers of each block from the full size down to the bottleneck; those up mirror them. Empty: 4 in each of 6. Any
     * number of blocks from 2 on.
     */
    stageDepths: [],
    /** New channels of each layer, block by block, in the place of `growth`. */
    stageWidths: [],
    /** New channels of each layer. */
    growth: 12,
    /** Channels in front of the first block. */
    stemFilters: 48,
    /** Multiplies `growth`, or `stageWidths`, and `stemFilters`, rounded. */
    width: 1,
    /**
     * How maps are halved: by a max 'pool', or a dense one and a 'blur', against aliasing. Zhang 2019, Making
     * convolutional networks shift-invariant again, arXiv:1904.11486.
     */
    downsample: 'pool',
    /** Squeeze-and-excitation after each block, with this share of its channels in between; 0: none. */
    seRatio: 0,
    /** After each convolution of blocks and on the way down. */
    dropout: 0.2,
    /** Pads images to the next size that the net takes, and cuts the logits back: images of any size. */
    padInput: false,
  },
  presets: {
    fcDensenet56: {},
    fcDensenet67: { stageDepths: [5, 5, 5, 5, 5, 5], growth: 16 },
    fcDensenet103: { stageDepths: [4, 5, 7, 10, 12, 15], growth: 16 },
  },
  build({ imageShape, classes }, options, random) {
    const { depths, growths, stemFilters } = readPlan(options);
    const { downsample, dropout, seRatio } = options;
    const levels = depths.length - 1;
    const size = workingSize('fcDensenet', imageShape, multiplesOf(2 ** levels), options.padInput);
    const style = { ...readStyle('fcDensenet', options, random), bias: true };
    const weighed = (x: X, name: string) =>
      seRatio > 0
        ? squeezeExcite(style, x, `${name}.attention`, reducedBy(seRatio, x.shape[3] as number))
        : x;
    const block = (x: X, name: string, level: number) =>
      denseBlock(style, x, depths[level - 1]!, { name, growth: growths[level - 1]!, dropout });

    const { images, x: pixels } = imageInput(style, imageShape, size);
    let x = conv(style, pixels, { name: 'conv1', filters: stemFilters, size: 3 }, true);
    const skips: X[] = [];
    for (let level = 1; level <= levels; level++) {
      const skip = weighed(block(x, `down${level}`, level).all, `down${level}`);
      skips.push(skip);
      x = transitionDown(style, skip, `transitionDown${level}`, { dropout, downsample });
    }
    x = weighed(block(x, 'bottleneck', levels + 1).made, 'bottleneck');
    for (let level = levels; level > 0; level--) {
      const stacked = transitionUp(style, x, skips[level - 1]!, `transitionUp${level}`);
      const { all, made } = block(stacked, `up${level}`, level);
      x = weighed(level > 1 ? made : all, `up${level}`);
    }
    const logits = conv(style, x, { name: 'head', filters: classes, size: 1 }, true);
    const outputs = cropBack(logits, [imageShape[0], imageShape[1]], 'crop');
    return { model: tf.model({ name: 'fcDensenet', inputs: images, outputs }) };
  },
});

interface PlanOptions {
  readonly stageDepths: readonly number[];
  readonly stageWidths: readonly number[];
  readonly growth: number;
  readonly stemFilters: number;
  readonly width: number;
  readonly downsample: string;
  readonly seRatio: number;
  readonly dropout: number;
}

/** Layers of each block, their new channels, and those in front of the first. */
function readPlan(options: PlanOptions): {
  readonly depths: readonly number[];
  readonly growths: readonly number[];
  readonly stemFilters: number;
} {
  const owner = 'fcDensenet';
  const { growth, stageDepths, stageWidths, stemFilters, width } = options;
  const positive = (option: 'growth' | 'stemFilters', value: number) =>
    requireOption(owner, option, Number.isInteger(value) && value > 0, 'a positive integer', value);
  positive('growth', growth);
  positive('stemFilters', stemFilters);
  requireWidth(owner, width);
  requireRate(owner, options.dropout);
  requireRatio(owner, options.seRatio);
  requireOneOf(owner, 'downsample', ['pool', 'blur'], options.downsample);
  const depths = readStages(owner, 'stageDepths', stageDepths, [4, 4, 4, 4, 4, 4], 'any');
  requireOption(owner, 'stageDepths', depths.length > 1, 'at least 2 positive integers', depths);
  const scale = (channels: number) => Math.max(1, Math.round(channels * width));
  const growths = readStages(owner, 'stageWidths', stageWidths, Array(depths.length).fill(growth));
  return { depths, growths: growths.map(scale), stemFilters: scale(stemFilters) };
}
