import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';
import { concatenate, conv, convNormRelu, imageInput, maxPool, type Style, upConv } from './blocks.ts';
import { heNormal } from './initialisers.ts';
import { defineNet } from './net.ts';

/**
 * U-Net: an encoder that halves the image `depth` times, a decoder that doubles it back, and a skip from each
 * encoder stage to its mirror. The output is `[batch, height, width, classes]`, the size of the input.
 *
 * Height and width must be multiples of 2^depth; `build` says so rather than padding silently.
 *
 * Ronneberger et al. 2015, arXiv:1505.04597. Departures: padded convolutions, so that input and output match;
 * batch normalisation after each convolution (norm 'none' is without, as the paper); no dropout. The
 * parameter counts with norm 'batch' are those of milesial/Pytorch-UNet.
 */
export const unet = defineNet({
  task: 'segmentation',
  defaults: {
    /** How often the image is halved. The paper: 4. */
    depth: 4,
    /** Channels of the first stage; each deeper stage doubles them. The paper: 64. */
    filters: 32,
    /** 'batch' or 'none'. */
    norm: 'batch',
  },
  build({ imageShape, classes }, { depth, filters, norm }, random) {
    requireOption('unet', 'depth', Number.isInteger(depth) && depth > 0, 'a positive integer', depth);
    requireOption('unet', 'filters', Number.isInteger(filters) && filters > 0, 'a positive integer', filters);
    requireOption('unet', 'norm', norm === 'batch' || norm === 'none', "'batch' or 'none'", norm);
    requireDivisible(imageShape, depth);
    const style: Style = {
      random,
      kernel: heNormal,
      norm: norm === 'none' ? 'none' : { epsilon: 1e-5, momentum: 0.9, scale: true },
    };
    const { images, x: pixels } = imageInput(imageShape);
    const skips: tf.SymbolicTensor[] = [];
    let x = pixels;
    for (let level = 1; level <= depth; level++) {
      const step = encoderStep(style, x, level, filters * 2 ** (level - 1));
      skips.push(step.skip);
      x = step.pooled;
    }
    x = doubleConv(style, x, 'bottleneck', filters * 2 ** depth);
    for (let level = depth; level >= 1; level--) {
      x = decoderStep(style, x, skips[level - 1]!, level, filters * 2 ** (level - 1));
    }
    const logits = conv(style, x, { name: 'head', filters: classes, size: 1 }, true);
    return { model: tf.model({ name: 'unet', inputs: images, outputs: logits }) };
  },
});

function requireDivisible([height, width]: readonly [number, number, number], depth: number): void {
  const divisor = 2 ** depth;
  if (height % divisor === 0 && width % divisor === 0) return;
  throw new UsageError(
    `unet with depth ${depth}: expected images whose height and width are multiples of ${divisor}, received ` +
      `${height} × ${width}. Resize the images or choose a smaller depth.`,
  );
}

function doubleConv(style: Style, x: tf.SymbolicTensor, name: string, filters: number): tf.SymbolicTensor {
  const first = convNormRelu(style, x, { name: `${name}.conv1`, filters, size: 3 });
  return convNormRelu(style, first, { name: `${name}.conv2`, filters, size: 3 });
}

/** Two convolutions, whose result is the skip, and the same halved. Level 1 is the full size. */
export function encoderStep(
  style: Style,
  x: tf.SymbolicTensor,
  level: number,
  filters: number,
): { readonly skip: tf.SymbolicTensor; readonly pooled: tf.SymbolicTensor } {
  const skip = doubleConv(style, x, `encoder${level}`, filters);
  return { skip, pooled: maxPool(skip, { name: `pool${level}`, size: 2, stride: 2 }) };
}

/** Doubles the map, stacks it behind the skip, and convolves twice. */
export function decoderStep(
  style: Style,
  x: tf.SymbolicTensor,
  skip: tf.SymbolicTensor,
  level: number,
  filters: number,
): tf.SymbolicTensor {
  const name = `decoder${level}`;
  const up = upConv(style, x, `${name}.up`, filters);
  return doubleConv(style, concatenate([skip, up], `${name}.concat`), name, filters);
}
