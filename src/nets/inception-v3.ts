import * as tf from '@tensorflow/tfjs';
import { dense, dropout, imageInput } from './blocks.ts';
import {
  auxiliaryHead,
  excite,
  type InceptionStyle,
  inceptionStem,
  moduleA,
  moduleB,
  moduleC,
  reductionA,
  reductionB,
  type Scale,
} from './inception-blocks.ts';
import {
  type InceptionFamily,
  inceptionOptions,
  readInception,
  smallestSides,
  spread,
} from './inception-options.ts';
import { glorotUniform } from './initialisers.ts';
import { defineNet } from './net.ts';
import { globalAveragePool } from './weightless.ts';

type X = tf.SymbolicTensor;

const family: InceptionFamily = {
  name: 'inceptionV3',
  stageDepths: [3, 4, 2],
  stageWidths: [288, 768, 2048],
  minimumChannels: 16,
  smallestSide: smallestSides,
};

/** Weight of the auxiliary loss in Google's own training script: tensorflow/tpu, models/experimental/inception/inception_v3.py. */
const auxiliaryWeight = 0.4;

/**
 * Inception v3, for images of 299 × 299 as published, of 75 × 75 at least, or small ones with the stem 'small'.
 * `stageDepths`: modules of 35 × 35, 17 × 17 and 8 × 8 maps.
 *
 * Szegedy et al. 2015, Rethinking the inception architecture for computer vision, arXiv:1512.00567. Layers
 * and initial weights as in Keras' InceptionV3, whose parameter counts it has: batch normalisation without
 * gain, epsilon 1e-3. The auxiliary head, the dropout and the rounding of `width` are those of TF-slim's inception_v3.
 * Departure: the moving averages of batch normalisation follow faster (0.9, as in torchvision; Keras 0.99), so that an
 * evaluation after few steps means something.
 */
export const inceptionV3 = defineNet({
  task: 'classification',
  source: 'Szegedy et al. 2015, Rethinking the inception architecture for computer vision, arXiv:1512.00567',
  defaults: {
    ...inceptionOptions(),
    /** Whether average pools count the padding around the map as zeros, as torchvision's do. */
    countPadding: false,
  },
  presets: {
    /** Normalisation as Keras has it, too. */
    keras: { normMomentum: 0.99 },
    /** The layers of torchvision's and timm's inception_v3, and the dropout of the former. */
    torchvision: { normScale: true, countPadding: true, dropout: 0.5 },
  },
  build({ imageShape, classes }, options, random) {
    const read = readInception(family, imageShape, options, random);
    const style: InceptionStyle = { ...read.style, countPadding: options.countPadding };
    const { scale, stageScales, stageDepths } = read;
    const { images, x: pixels } = imageInput(style, imageShape);
    const maps35 = inceptionStem(style, pixels, options.stem, scale);
    const maps17 = middle(style, maps35, stageScales, stageDepths);
    const features = globalAveragePool(end(style, maps17, stageScales[2]!, stageDepths), 'gap');
    const kept = dropout(random, features, 'dropout', options.dropout);
    const logits = dense(random, kept, 'logits', classes, glorotUniform);
    if (!options.auxiliaryHead) {
      return { model: tf.model({ name: 'inceptionV3', inputs: images, outputs: logits }) };
    }
    const settings = { reduce: scale(128), features: scale(768), classes };
    const auxiliary = auxiliaryHead(style, maps17, 'auxiliary', settings);
    const model = tf.model({ name: 'inceptionV3', inputs: images, outputs: [logits, auxiliary] });
    return { model, auxiliaryWeights: [auxiliaryWeight] };
  },
});

/** The maps of 35 × 35 and 17 × 17. Modules and reductions are numbered through, as in Keras. */
function middle(
  style: InceptionStyle,
  input: X,
  stageScales: readonly Scale[],
  stageDepths: readonly number[],
): X {
  const [scaleA, scaleB] = stageScales as [Scale, Scale];
  const [depthA, depthB] = stageDepths as [number, number];
  let x = input;
  for (const [index, pool] of spread([32, 64, 64], depthA).entries()) {
    const widths = {
      one: scaleA(64),
      five: [scaleA(48), scaleA(64)] as const,
      three: [scaleA(64), scaleA(96)] as const,
      pool: scaleA(pool),
    };
    x = excite(style, moduleA(style, x, `mixed${index}`, widths), `mixed${index}`);
  }
  const reduced = { single: scaleB(384), double: [scaleB(64), scaleB(96), scaleB(96)] as const };
  x = reductionA(style, x, `mixed${depthA}`, reduced);
  for (const [index, inner] of spread([128, 160, 160, 192], depthB).entries()) {
    const name = `mixed${depthA + 1 + index}`;
    const widths = { one: scaleB(192), seven: [scaleB(inner), scaleB(192)] as const, pool: scaleB(192) };
    x = excite(style, moduleB(style, x, name, widths), name);
  }
  return x;
}

/** The maps of 8 × 8. */
function end(style: InceptionStyle, input: X, scale: Scale, stageDepths: readonly number[]): X {
  const [depthA, depthB, depthC] = stageDepths as [number, number, number];
  const first = depthA + depthB + 1;
  let x = reductionB(style, input, `mixed${first}`, {
    three: [scale(192), scale(320)],
    seven: [scale(192), scale(192)],
  });
  for (let index = 1; index <= depthC; index++) {
    const name = `mixed${first + index}`;
    const widths = {
      one: scale(320),
      single: [scale(384), scale(384)] as const,
      double: [scale(448), scale(384), scale(384)] as const,
      pool: scale(192),
    };
    x = excite(style, moduleC(style, x, name, widths), name);
  }
  return x;
}
