import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { convNormRelu, dense, dropout, imageInput } from './blocks.ts';
import {
  auxiliaryHead,
  type InceptionStyle,
  inceptionStem,
  moduleA,
  reductionA,
  type Scale,
} from './inception-blocks.ts';
import { type InceptionFamily, inceptionOptions, readInception, smallestSides } from './inception-options.ts';
import { block35, longBlock, residualReduction } from './inception-resnet.ts';
import { glorotUniform } from './initialisers.ts';
import { defineNet } from './net.ts';
import { globalAveragePool } from './weightless.ts';

type X = tf.SymbolicTensor;

const family: InceptionFamily = {
  name: 'inceptionResnetV2',
  stageDepths: [10, 20, 10],
  stageWidths: [320, 1088, 2080],
  minimumChannels: 8,
  smallestSide: smallestSides,
};

/** Weight of the auxiliary loss in TF-slim's train_image_classifier.py. */
const auxiliaryWeight = 0.4;

/**
 * Inception-ResNet-v2, for images of 299 × 299 as published, of 75 × 75 at least, or small ones with the stem 'small'.
 * `stageDepths`: blocks on maps of 35 × 35, 17 × 17 and 8 × 8; the last of all adds its whole branch, without
 * activation. `stageWidths` does not act on what a reduction passes on of the maps before it.
 *
 * Szegedy et al. 2016, Inception-v4, Inception-ResNet and the impact of residual connections on learning,
 * arXiv:1602.07261. Layers and initial weights as in Keras' InceptionResNetV2, whose parameter counts it has: batch
 * normalisation without gain, epsilon 1e-3; the figures of the paper have the stem of `inceptionV4` and other widths. Auxiliary head and dropout as in TF-slim's inception_resnet_v2. Departure:
 * moving averages that follow faster (0.9; Keras 0.99), as in `inceptionV3`.
 */
export const inceptionResnetV2 = defineNet({
  task: 'classification',
  source:
    'Szegedy et al. 2016, Inception-v4, Inception-ResNet and the impact of residual connections on learning, arXiv:1602.07261',
  defaults: {
    ...inceptionOptions(),
    /** How much of their branch the blocks of each stage add. */
    residualScales: [0.17, 0.1, 0.2],
  },
  presets: {
    keras: { normMomentum: 0.99, dropout: 0 },
    timm: { normScale: true, dropout: 0 },
  },
  build({ imageShape, classes }, options, random) {
    const { style, scale, stageScales, stageDepths } = readInception(family, imageShape, options, random);
    requireScales(options.residualScales);
    const [depth35, depth17, depth8] = stageDepths as [number, number, number];
    const [scale35, scale17, scale8] = options.residualScales as [number, number, number];
    const [channels35, channels17, channels8] = stageScales as [Scale, Scale, Scale];
    const { images, x: pixels } = imageInput(style, imageShape);
    const first = inceptionStem(style, pixels, options.stem, scale);
    const maps35 = stage35(style, first, channels35, depth35, scale35);
    const maps17 = stage17(style, maps35, channels17, depth17, scale17);
    const maps8 = stage8(style, maps17, channels8, depth8, scale8);
    const last = convNormRelu(style, maps8, { name: 'conv6', filters: channels8(1536), size: 1 });
    const kept = dropout(random, globalAveragePool(last, 'gap'), 'dropout', options.dropout);
    const logits = dense(random, kept, 'logits', classes, glorotUniform);
    if (!options.auxiliaryHead) {
      return { model: tf.model({ name: 'inceptionResnetV2', inputs: images, outputs: logits }) };
    }
    const settings = { reduce: scale(128), features: scale(768), classes, window: 'whole' } as const;
    const auxiliary = auxiliaryHead(style, maps17, 'auxiliary', settings);
    const model = tf.model({ name: 'inceptionResnetV2', inputs: images, outputs: [logits, auxiliary] });
    return { model, auxiliaryWeights: [auxiliaryWeight] };
  },
});

function requireScales(scales: readonly number[]): void {
  const holds = scales.length === 3 && scales.every((scale) => scale > 0);
  requireOption('inceptionResnetV2', 'residualScales', holds, '3 positive numbers', scales);
}

function stage35(style: InceptionStyle, input: X, channels: Scale, depth: number, scale: number): X {
  let x = moduleA(style, input, 'mixed5b', {
    one: channels(96),
    five: [channels(48), channels(64)],
    three: [channels(64), channels(96)],
    pool: channels(64),
  });
  const widths = {
    one: channels(32),
    single: [channels(32), channels(32)] as const,
    double: [channels(32), channels(48), channels(64)] as const,
  };
  for (let index = 1; index <= depth; index++) x = block35(style, x, `block35.${index}`, widths, { scale });
  return x;
}

function stage17(style: InceptionStyle, input: X, channels: Scale, depth: number, scale: number): X {
  let x = reductionA(style, input, 'mixed6a', {
    single: channels(384),
    double: [channels(256), channels(256), channels(384)],
  });
  const widths = { one: channels(192), long: [channels(128), channels(160), channels(192)] as const };
  for (let index = 1; index <= depth; index++) {
    x = longBlock(style, x, `block17.${index}`, widths, 7, { scale });
  }
  return x;
}

function stage8(style: InceptionStyle, input: X, channels: Scale, depth: number, scale: number): X {
  let x = residualReduction(style, input, 'mixed7a', {
    first: [channels(256), channels(384)],
    second: [channels(256), channels(288)],
    double: [channels(256), channels(288), channels(320)],
  });
  const widths = { one: channels(192), long: [channels(192), channels(224), channels(256)] as const };
  for (let index = 1; index <= depth; index++) {
    const residual = index < depth ? { scale } : { scale: 1, activated: false };
    x = longBlock(style, x, `block8.${index}`, widths, 3, residual);
  }
  return x;
}
