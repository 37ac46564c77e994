import * as tf from '@tensorflow/tfjs';
import { dropout, imageInput } from './blocks.ts';
import { defineNet } from './net.ts';
import { multiplesOf, unpaddedSides, workingSize } from './pad-input.ts';
import { readStyle, requireOneOf, styleOptions } from './style.ts';
import { convolutions, excited, halved, segmentationHeads, type UParts, uShape } from './unet-blocks.ts';
import { readSkips, readUnetPlan, unetOptions } from './unet-options.ts';

/**
 * U-Net: an encoder that halves the image `depth` times, a decoder that doubles it back, and a skip from each
 * encoder stage to its mirror. The output is `[batch, height, width, classes]`, the size of the input.
 *
 * Height and width must be multiples of 2^depth; `build` says so rather than padding silently, unless `padInput` is set.
 *
 * Ronneberger et al. 2015, arXiv:1505.04597: that is preset 'original', which gives logits of the image's middle only;
 * with `padInput` of all of it, black in the place of the paper's mirrored surroundings. Departures of the defaults:
 * padded convolutions, so that input and output match; batch normalisation after each convolution; no dropout. Their
 * parameter counts are those of milesial/Pytorch-UNet. Deep supervision is nnU-Net's (Isensee et al. 2019,
 * arXiv:1904.08128): a head at each level of the decoder, each coarser one of half the weight. Departures: logits are
 * brought to full size, not labels down, and the weights are not normalised, that of the last head being 1.
 */
export const unet = defineNet({
  task: 'segmentation',
  source:
    'Ronneberger et al. 2015, U-Net: convolutional networks for biomedical image segmentation, arXiv:1505.04597',
  defaults: {
    ...unetOptions(),
    /** 'same', or 'valid' as in the paper: 3 × 3 convolutions without padding, where maps shrink. */
    padding: 'same',
    /**
     * What becomes of the skips: 'concat', 'add', 'none'; 'gatedConcat' and 'gatedAdd' through an attention gate. One
     * for all levels, or one for each from the full size down.
     */
    skips: ['concat'],
    ...styleOptions(),
  },
  presets: {
    original: { padding: 'valid', norm: 'none', dropout: 0.5 },
    /** The original with padded convolutions. */
    padded: { norm: 'none' },
    /** milesial/Pytorch-UNet. */
    batchNorm: {},
    /** milesial/Pytorch-UNet with `bilinear`. */
    bilinear: { upSampling: 'bilinearAligned' },
    /** Oktay et al. 2018, Attention U-Net, arXiv:1804.03999, as LeeJunHyun/Image_Segmentation has it. */
    attention: { upSampling: 'nearest', skips: ['gatedConcat'], bias: true },
  },
  build({ imageShape, classes }, options, random) {
    const { padding, padInput } = options;
    const plan = readUnetPlan('unet', options, {
      stageDepth: 2,
      supervisionWeight: (index) => 0.5 ** (index + 1),
    });
    const { depth, downsample, seRatio, dropout: rate } = plan;
    const skips = readSkips('unet', options.skips, depth);
    requireOneOf('unet', 'padding', PADDINGS, padding);
    const style = { ...readStyle('unet', options, random), bias: options.bias };
    const unpadded = padding === 'valid';
    const sides = unpadded ? unpaddedSides(plan.depths) : multiplesOf(2 ** depth);
    const owner = `unet with depth ${depth}${unpadded ? " and padding 'valid'" : ''}`;
    const { images, x } = imageInput(style, imageShape, workingSize(owner, imageShape, sides, padInput));
    const parts: UParts = {
      skips,
      encode(x, level, stage) {
        const entering = level > 1 ? halved(style, x, `pool${level - 1}`, downsample) : x;
        const made = parts.decode(entering, stage);
        // "At the end of the contracting path": after the last two of its stages.
        return rate > 0 && level >= depth ? dropout(random, made, `${stage.name}.dropout`, rate) : made;
      },
      decode: (x, stage) =>
        excited(
          style,
          convolutions(style, x, { ...stage, padding: padding as Padding }),
          stage.name,
          seRatio,
        ),
    };
    const auxiliary = plan.supervision.length;
    const size = [imageShape[0], imageShape[1]] as const;
    const logits = segmentationHeads(style, uShape(style, x, plan, parts), { classes, auxiliary, size });
    const model = tf.model({ name: 'unet', inputs: images, outputs: logits });
    return { model, auxiliaryWeights: plan.supervision };
  },
});

const PADDINGS = ['same', 'valid'] as const;
type Padding = (typeof PADDINGS)[number];
