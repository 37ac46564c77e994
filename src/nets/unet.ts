import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';
import {
  add,
  concatenate,
  conv,
  convNorm,
  convNormRelu,
  cropTo,
  imageInput,
  maxPool,
  normReluConv,
  type Style,
  upBilinear,
  upConv,
  upNearest,
} from './blocks.ts';
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
    const { images, x: pixels } = imageInput(style, imageShape);
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

/** How convolutions of a U-Net treat the edge: padded, or 'valid' as in the paper, where maps shrink. */
type Padding = 'same' | 'valid';

function doubleConv(
  style: Style,
  x: tf.SymbolicTensor,
  name: string,
  filters: number,
  padding: Padding = 'same',
): tf.SymbolicTensor {
  const first = convNormRelu(style, x, { name: `${name}.conv1`, filters, size: 3, padding });
  return convNormRelu(style, first, { name: `${name}.conv2`, filters, size: 3, padding });
}

/** Two convolutions, whose result is the skip, and the same halved. Level 1 is the full size. */
export function encoderStep(
  style: Style,
  x: tf.SymbolicTensor,
  level: number,
  filters: number,
  padding?: Padding,
): { readonly skip: tf.SymbolicTensor; readonly pooled: tf.SymbolicTensor } {
  const skip = doubleConv(style, x, `encoder${level}`, filters, padding);
  return { skip, pooled: maxPool(skip, { name: `pool${level}`, size: 2, stride: 2 }) };
}

/**
 * How a decoder doubles its maps: by a transposed convolution ('transpose', as the paper), by repeating pixels and a
 * 3 × 3 convolution ('nearest', LeeJunHyun/Image_Segmentation), or bilinearly, with half-pixel centres or, as
 * milesial/Pytorch-UNet once did, with aligned corners.
 */
export type UpSampling = 'transpose' | 'nearest' | 'bilinear' | 'bilinearAligned';

function doubled(
  style: Style,
  x: tf.SymbolicTensor,
  name: string,
  filters: number,
  upSampling: UpSampling,
): tf.SymbolicTensor {
  switch (upSampling) {
    case 'transpose':
      return upConv(style, x, name, filters);
    case 'nearest':
      return convNormRelu({ ...style, bias: true }, upNearest(x, `${name}.repeat`), {
        name,
        filters,
        size: 3,
      });
    default:
      return upBilinear(x, name, { alignCorners: upSampling === 'bilinearAligned' });
  }
}

interface DecoderSettings {
  readonly upSampling?: UpSampling;
  /** Channels of the doubled map; bilinear up-sampling keeps those it has. Default: filters. */
  readonly upFilters?: number;
  readonly padding?: Padding;
}

/** Doubles the map, stacks it behind the skip, which is cropped to its size, and convolves twice. */
export function decoderStep(
  style: Style,
  x: tf.SymbolicTensor,
  skip: tf.SymbolicTensor,
  level: number,
  filters: number,
  { upSampling = 'transpose', upFilters = filters, padding = 'same' }: DecoderSettings = {},
): tf.SymbolicTensor {
  const name = `decoder${level}`;
  const up = doubled(style, x, `${name}.up`, upFilters, upSampling);
  const size = [up.shape[1] as number, up.shape[2] as number] as const;
  const fits = skip.shape[1] === size[0] && skip.shape[2] === size[1];
  const cropped = fits ? skip : cropTo(skip, size, `${name}.crop`);
  return doubleConv(style, concatenate([cropped, up], `${name}.concat`), name, filters, padding);
}

/**
 * A node of U-Net++: the node below doubled, in front of all nodes before it in its own row; then two convolutions.
 * Zhou et al. 2018, UNet++, arXiv:1807.10165, equation 1.
 */
export function nestedNode(
  style: Style,
  below: tf.SymbolicTensor,
  row: readonly tf.SymbolicTensor[],
  name: string,
  filters: number,
): tf.SymbolicTensor {
  const up = upConv(style, below, `${name}.up`, filters);
  return doubleConv(style, concatenate([up, ...row], `${name}.concat`), name, filters);
}

/**
 * The residual unit of ResUNet: two pre-activated 3 × 3 convolutions, the first with the stride, beside a normalised
 * convolution of the same stride. Zhang et al. 2017, Road extraction by deep residual U-Net, arXiv:1711.10684, figure 1b;
 * with biases and a 3 × 3 shortcut as in rishikksh20/ResUnet.
 */
export function residualUnit(
  style: Style,
  input: tf.SymbolicTensor,
  name: string,
  filters: number,
  stride: number,
): tf.SymbolicTensor {
  const biased = { ...style, bias: true };
  const strided = { filters, size: 3, stride, padding: 'symmetric' as const };
  const first = normReluConv(biased, input, { ...strided, name: `${name}.conv1` });
  const second = normReluConv(biased, first, { name: `${name}.conv2`, filters, size: 3 });
  const shortcut = convNorm(biased, input, { ...strided, name: `${name}.shortcut` });
  return add([second, shortcut], `${name}.add`);
}
