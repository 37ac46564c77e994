import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';
import {
  convNormRelu,
  dense,
  dropout,
  globalAveragePool,
  imageInput,
  maxPool,
  type Style,
} from './blocks.ts';
import { auxiliaryHead, moduleA, moduleB, moduleC, reductionA, reductionB } from './inception-blocks.ts';
import { glorotUniform } from './initialisers.ts';
import { defineNet } from './net.ts';

/** The side of the smallest image whose last maps still have a pixel. */
const smallestSide: Readonly<Record<string, number>> = { imagenet: 75, small: 7 };

/** Weight of the auxiliary loss in Google's own training script: tensorflow/tpu, models/experimental/inception/inception_v3.py. */
const auxiliaryWeight = 0.4;

/** Of the features before the classifier: TF-slim's inception_v3 keeps 0.8. */
const dropoutRate = 0.2;

/** A number of channels, scaled. */
type Scale = (channels: number) => number;

/**
 * Inception v3, for images of 299 × 299 as published, of 75 × 75 at least, or small ones with the stem 'small'.
 *
 * Szegedy et al. 2015, Rethinking the inception architecture for computer vision, arXiv:1512.00567. Layers
 * and initial weights as in Keras' InceptionV3, whose parameter counts it has: batch normalisation without
 * gain, epsilon 1e-3. The auxiliary head and the dropout are those of TF-slim's inception_v3. Departure: the
 * moving averages of batch normalisation follow faster (0.9, as in torchvision; Keras 0.99), so that an
 * evaluation after few steps means something.
 */
export const inceptionV3 = defineNet({
  task: 'classification',
  defaults: {
    /** 'imagenet' brings 299 × 299 down to 35 × 35; 'small' keeps the size, for images of about 32 × 32. */
    stem: 'imagenet',
    /** A second classifier on the last 17 × 17 maps, with a loss of its own, weighted 0.4. */
    auxiliaryHead: false,
    /** Whether batch normalisation has a gain: torchvision's has, the published nets' has not. */
    normScale: false,
    /** Multiplies the channels of every layer; none goes below 16. */
    width: 1,
  },
  build({ imageShape, classes }, options, random) {
    requireUsable(imageShape, options);
    const style: Style = {
      random,
      kernel: glorotUniform,
      norm: { epsilon: 1e-3, momentum: 0.9, scale: options.normScale },
    };
    const scale: Scale = (channels) => Math.max(Math.floor(channels * options.width), 16);
    const { images, x: pixels } = imageInput(style, imageShape);
    const maps17 = middle(style, stem(style, pixels, options.stem, scale), scale);
    const features = globalAveragePool(end(style, maps17, scale), 'gap');
    const kept = dropout(random, features, 'dropout', dropoutRate);
    const logits = dense(random, kept, 'logits', classes, glorotUniform);
    if (!options.auxiliaryHead) {
      return { model: tf.model({ name: 'inceptionV3', inputs: images, outputs: logits }) };
    }
    const widths = { reduce: scale(128), features: scale(768), classes };
    const auxiliary = auxiliaryHead(style, maps17, 'auxiliary', widths);
    const model = tf.model({ name: 'inceptionV3', inputs: images, outputs: [logits, auxiliary] });
    return { model, auxiliaryWeights: [auxiliaryWeight] };
  },
});

function requireUsable(
  [height, width]: readonly [number, number, number],
  options: { stem: string; width: number },
): void {
  const smallest = smallestSide[options.stem];
  requireOption('inceptionV3', 'stem', smallest !== undefined, "'imagenet' or 'small'", options.stem);
  requireOption('inceptionV3', 'width', options.width > 0, 'a positive number', options.width);
  if (Math.min(height, width) >= smallest!) return;
  throw new UsageError(
    `inceptionV3 with the stem '${options.stem}': expected images of at least ${smallest} × ${smallest}, received ` +
      `${height} × ${width}. ${options.stem === 'imagenet' ? "Choose stem: 'small' or enlarge the images." : 'Enlarge the images.'}`,
  );
}

/** 299 × 299 to 35 × 35; the stem 'small' has the same convolutions, and keeps the size. */
function stem(style: Style, images: tf.SymbolicTensor, kind: string, scale: Scale): tf.SymbolicTensor {
  const shrinks = kind === 'imagenet';
  const padding = shrinks ? 'valid' : 'same';
  const pool = (x: tf.SymbolicTensor, name: string) =>
    shrinks ? maxPool(x, { name, size: 3, stride: 2 }) : x;
  let x = convNormRelu(style, images, {
    name: 'conv1',
    filters: scale(32),
    size: 3,
    stride: shrinks ? 2 : 1,
    padding,
  });
  x = convNormRelu(style, x, { name: 'conv2', filters: scale(32), size: 3, padding });
  x = pool(convNormRelu(style, x, { name: 'conv3', filters: scale(64), size: 3 }), 'pool1');
  x = convNormRelu(style, x, { name: 'conv4', filters: scale(80), size: 1 });
  return pool(convNormRelu(style, x, { name: 'conv5', filters: scale(192), size: 3, padding }), 'pool2');
}

/** The maps of 35 × 35 and 17 × 17. */
function middle(style: Style, input: tf.SymbolicTensor, scale: Scale): tf.SymbolicTensor {
  let x = input;
  for (const [index, pool] of [32, 64, 64].entries()) {
    x = moduleA(style, x, `mixed${index}`, {
      one: scale(64),
      five: [scale(48), scale(64)],
      three: [scale(64), scale(96)],
      pool: scale(pool),
    });
  }
  x = reductionA(style, x, 'mixed3', { single: scale(384), double: [scale(64), scale(96)] });
  for (const [index, inner] of [128, 160, 160, 192].entries()) {
    const widths = { one: scale(192), seven: [scale(inner), scale(192)] as const, pool: scale(192) };
    x = moduleB(style, x, `mixed${4 + index}`, widths);
  }
  return x;
}

/** The maps of 8 × 8. */
function end(style: Style, input: tf.SymbolicTensor, scale: Scale): tf.SymbolicTensor {
  let x = reductionB(style, input, 'mixed8', {
    three: [scale(192), scale(320)],
    seven: [scale(192), scale(192)],
  });
  for (const name of ['mixed9', 'mixed10']) {
    x = moduleC(style, x, name, {
      one: scale(320),
      single: [scale(384), scale(384)],
      double: [scale(448), scale(384), scale(384)],
      pool: scale(192),
    });
  }
  return x;
}
