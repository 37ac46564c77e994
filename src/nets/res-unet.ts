import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { conv, convNorm, convNormRelu, dropout, imageInput, normReluConv, type Style } from './blocks.ts';
import { defineNet } from './net.ts';
import { multiplesOf, workingSize } from './pad-input.ts';
import { readStyle, styleOptions } from './style.ts';
import { excited, halved, segmentationHeads, type UParts, uShape } from './unet-blocks.ts';
import { readSkips, readUnetPlan, unetOptions } from './unet-options.ts';
import { add } from './weightless.ts';

type X = tf.SymbolicTensor;

/**
 * ResUNet: a U-Net of pre-activated residual units, the first of each stage on the way down halving the map itself, and
 * of maps that keep their channels where they are doubled. The output is `[batch, height, width, classes]`.
 *
 * Height and width must be multiples of 2^depth, or `padInput` set.
 *
 * Zhang et al. 2017, arXiv:1711.10684, as in rishikksh20/ResUnet, whose parameter counts it has: convolutions have
 * biases, and every shortcut is a convolution.
 */
export const resUnet = defineNet({
  task: 'segmentation',
  source: 'Zhang et al. 2017, Road extraction by deep residual U-Net, arXiv:1711.10684',
  defaults: {
    ...unetOptions({ depth: 3, downsample: 'stride', bias: true }),
    /** Of the convolution in each shortcut: 3, or 1 as in the paper's figure and many Keras ports. */
    shortcutSize: 3,
    /** What becomes of the skips: see `unet`. */
    skips: ['concat'],
    ...styleOptions(),
  },
  build({ imageShape, classes }, options, random) {
    const { shortcutSize } = options;
    const plan = readUnetPlan('resUnet', options, {
      stageDepth: 1,
      supervisionWeight: (i) => 0.5 ** (i + 1),
    });
    const { depth, downsample, seRatio } = plan;
    const skips = readSkips('resUnet', options.skips, depth);
    const odd = shortcutSize === 1 || shortcutSize === 3;
    requireOption('resUnet', 'shortcutSize', odd, '1 or 3', shortcutSize);
    const style = { ...readStyle('resUnet', options, random), bias: options.bias };
    const owner = `resUnet with depth ${depth}`;
    const size = workingSize(owner, imageShape, multiplesOf(2 ** depth), options.padInput);
    const { images, x } = imageInput(style, imageShape, size);
    const parts: UParts = {
      skips,
      upKeepsChannels: true,
      encode(x, level, { name, filters }) {
        const strided = level > 1 && downsample === 'stride';
        const entering = level > 1 && !strided ? halved(style, x, `pool${level - 1}`, downsample) : x;
        const unit = { stride: strided ? 2 : 1, shortcutSize, seRatio, preActivated: level > 1 };
        return residualUnits(style, entering, name, filters, unit);
      },
      decode: (x, { name, filters }) => residualUnits(style, x, name, filters, { shortcutSize, seRatio }),
    };
    const decoded = uShape(style, x, plan, parts).map((x, index) =>
      plan.dropout > 0 ? dropout(random, x, `decoder${index + 1}.dropout`, plan.dropout) : x,
    );
    const auxiliary = plan.supervision.length;
    const imageSize = [imageShape[0], imageShape[1]] as const;
    const logits = segmentationHeads(style, decoded, { classes, auxiliary, size: imageSize });
    const model = tf.model({ name: 'resUnet', inputs: images, outputs: logits });
    return { model, auxiliaryWeights: plan.supervision };
  },
});

interface ResidualUnit {
  /** Default: 1. */
  readonly stride?: number;
  /** Of the shortcut's convolution. Default: 3. */
  readonly shortcutSize?: number;
  /** Of squeeze-and-excitation before the sum. Default: 0, none. */
  readonly seRatio?: number;
  /** False at the image, which is neither normalised nor activated. Default: true. */
  readonly preActivated?: boolean;
}

/** Units in a row: the first as `unit` says, the others after it, named `<name>.2`, … */
function residualUnits(style: Style, x: X, name: string, filters: readonly number[], unit: ResidualUnit): X {
  const others = { ...unit, stride: 1, preActivated: true };
  return filters.reduce((x, channels, index) => {
    const own = index === 0 ? unit : others;
    return residualUnit(style, x, index === 0 ? name : `${name}.${index + 1}`, channels, own);
  }, x);
}

/**
 * The residual unit of ResUNet: two pre-activated 3 × 3 convolutions, the first with the stride, beside a normalised
 * convolution of the same stride. Zhang et al. 2017, Road extraction by deep residual U-Net, arXiv:1711.10684, figure 1b.
 */
export function residualUnit(
  style: Style,
  input: X,
  name: string,
  filters: number,
  { stride = 1, shortcutSize = 3, seRatio = 0, preActivated = true }: ResidualUnit = {},
): X {
  const first = { name: `${name}.conv1`, filters, size: 3, stride, padding: 'symmetric' as const };
  const second = { name: `${name}.conv2`, filters, size: 3 };
  const shortcut = { ...first, name: `${name}.shortcut`, size: shortcutSize };
  const bias = style.norm === 'none' || style.bias === true;
  const branch = preActivated
    ? normReluConv(style, normReluConv(style, input, first), second)
    : conv(style, convNormRelu(style, input, first), second, bias);
  const beside = preActivated ? convNorm(style, input, shortcut) : conv(style, input, shortcut, bias);
  return add([excited(style, branch, name, seRatio), beside], `${name}.add`);
}
