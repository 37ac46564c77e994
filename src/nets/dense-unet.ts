import * as tf from '@tensorflow/tfjs';
import { activate, conv, convNormRelu, dropout, imageInput, norm, type Style } from './blocks.ts';
import { type DensePlan, denseEncoder, denseOptions, readDensePlan } from './densenet.ts';
import { defineNet } from './net.ts';
import { cropBack, multiplesOf, workingSize } from './pad-input.ts';
import { requireRate } from './stages.ts';
import { readStyle, styleOptions } from './style.ts';
import { add, upNearest } from './weightless.ts';

type X = tf.SymbolicTensor;

/**
 * DenseUNet: the encoder of a DenseNet, and a decoder that doubles its maps by repeating pixels, adds those of the
 * encoder and convolves. The output is `[batch, height, width, classes]`, the size of the input.
 *
 * Height and width must be multiples of 32 (with the small stem, of 8; of half or twice that with a block less or more),
 * unless `padInput` is set.
 *
 * DenseUNet-167, the 2D net of H-DenseUNet, with the encoder of DenseNet-161, unless options say otherwise; layers as in
 * the authors' code, xmengli/H-DenseUNet. Departures: one epsilon for all normalisation (theirs: 1.1e-5 and, in the
 * decoder, 1e-3), and no second gain and offset behind that of normalisation, which come of a conversion from Caffe.
 */
export const denseUnet = defineNet({
  task: 'segmentation',
  source:
    'Li et al. 2017, H-DenseUNet: Hybrid densely connected UNet for liver and tumor segmentation from CT volumes, arXiv:1709.07330',
  defaults: {
    ...styleOptions(),
    ...denseOptions({ growth: 48, stemFilters: 96 }),
    /** After the last 3 × 3 convolution of the decoder. */
    dropout: 0.3,
    /** Pads images to the next size that the net takes, and cuts the logits back: images of any size. */
    padInput: false,
  },
  build({ imageShape, classes }, options, random) {
    requireRate('denseUnet', options.dropout);
    const plan = readDensePlan('denseUnet', { ...options, dropout: 0 }, [6, 12, 36, 24]);
    const halvings = plan.depths.length - 1 + (options.stem === 'small' ? 0 : 2);
    const sides = multiplesOf(2 ** halvings);
    const size = workingSize('denseUnet', imageShape, sides, options.padInput);
    // The decoder's convolutions have biases in front of their normalisation.
    const style = readStyle('denseUnet', options, random);
    const { images, x } = imageInput(style, imageShape, size);
    const decoded = decoder({ ...style, bias: true }, denseEncoder(style, x, plan), plan, options.dropout);
    const logits = conv(style, decoded, { name: 'head', filters: classes, size: 1 }, true);
    const outputs = cropBack(logits, [imageShape[0], imageShape[1]], 'crop');
    return { model: tf.model({ name: 'denseUnet', inputs: images, outputs }) };
  },
});

/** Each step ends with as many channels as the next skip has, to be added to it. */
function decoder(
  style: Style,
  { maps, skips }: { readonly maps: X; readonly skips: readonly X[] },
  { stemFilters, options }: DensePlan,
  rate: number,
): X {
  const channels = (x: X) => x.shape[3] as number;
  let x = maps;
  for (let level = skips.length; level > 0; level--) {
    const name = `decoder${level}`;
    const skip = skips[level - 1] as X;
    const fits = channels(skip) === channels(x);
    const carried = fits
      ? skip
      : conv(style, skip, { name: `${name}.skip`, filters: channels(x), size: 1 }, true);
    const sum = add([carried, upNearest(x, `${name}.up`)], `${name}.add`);
    const next = skips[level - 2];
    x = convNormRelu(style, sum, {
      name: `${name}.conv`,
      filters: next ? channels(next) : stemFilters,
      size: 3,
    });
  }
  // The image itself is no skip.
  const full = options.stem === 'small' ? x : upNearest(x, 'last.up');
  const filters = Math.max(1, Math.round(64 * options.width));
  const last = conv(style, full, { name: 'last.conv', filters, size: 3 }, true);
  const kept = rate > 0 ? dropout(style.random, last, 'last.dropout', rate) : last;
  return activate(style, norm(style, kept, 'last.norm'), 'last.relu');
}
