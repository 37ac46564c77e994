import * as tf from '@tensorflow/tfjs';
import { convNormRelu, dense, dropout, imageInput } from './blocks.ts';
import {
  auxiliaryHead,
  convolve,
  excite,
  fork,
  halve,
  type InceptionStyle,
  poolTower,
  reductionA,
  type Scale,
  tower,
} from './inception-blocks.ts';
import { type InceptionFamily, inceptionOptions, readInception, smallestSides } from './inception-options.ts';
import { glorotUniform } from './initialisers.ts';
import { defineNet } from './net.ts';
import { concatenate, globalAveragePool } from './weightless.ts';

type X = tf.SymbolicTensor;
type Module = (style: InceptionStyle, x: X, name: string, scale: Scale) => X;

const family: InceptionFamily = {
  name: 'inceptionV4',
  stageDepths: [4, 7, 3],
  stageWidths: [384, 1024, 1536],
  minimumChannels: 8,
  smallestSide: smallestSides,
};

/** Weight of the auxiliary loss in Google's own training script: tensorflow/tpu, models/experimental/inception/inception_v4.py. */
const auxiliaryWeight = 0.4;

/**
 * Inception v4, for images of 299 × 299 as published, of 75 × 75 at least, or small ones with the stem 'small'.
 * `stageDepths`: modules A, B and C, on maps of 35 × 35, 17 × 17 and 8 × 8.
 *
 * Szegedy et al. 2016, Inception-v4, Inception-ResNet and the impact of residual connections on learning,
 * arXiv:1602.07261. Layers, dropout and auxiliary head as in TF-slim's inception_v4: batch normalisation without gain,
 * epsilon 1e-3. Departures: Glorot's initial weights, as in `inceptionV3`, and moving averages that follow faster
 * (0.9; TF-slim 0.9997).
 */
export const inceptionV4 = defineNet({
  task: 'classification',
  source:
    'Szegedy et al. 2016, Inception-v4, Inception-ResNet and the impact of residual connections on learning, arXiv:1602.07261',
  defaults: { ...inceptionOptions() },
  presets: {
    tfSlim: { normMomentum: 0.9997 },
    timm: { normScale: true, dropout: 0 },
  },
  build({ imageShape, classes }, options, random) {
    const { style, scale, stageScales, stageDepths } = readInception(family, imageShape, options, random);
    const [depthA, depthB, depthC] = stageDepths as [number, number, number];
    const [scaleA, scaleB, scaleC] = stageScales as [Scale, Scale, Scale];
    const repeat = (module: Module, input: X, name: string, depth: number, scale: Scale) => {
      const names = Array.from({ length: depth }, (_, index) => `${name}.${index + 1}`);
      return names.reduce((x, name) => excite(style, module(style, x, name, scale), name), input);
    };
    const { images, x: pixels } = imageInput(style, imageShape);
    const maps35 = repeat(moduleA, stem(style, pixels, options.stem, scale), 'inceptionA', depthA, scaleA);
    const reduced = { single: scaleB(384), double: [scaleB(192), scaleB(224), scaleB(256)] as const };
    const maps17 = repeat(
      moduleB,
      reductionA(style, maps35, 'reductionA', reduced),
      'inceptionB',
      depthB,
      scaleB,
    );
    const maps8 = repeat(
      moduleC,
      reductionB(style, maps17, 'reductionB', scaleC),
      'inceptionC',
      depthC,
      scaleC,
    );
    const kept = dropout(random, globalAveragePool(maps8, 'gap'), 'dropout', options.dropout);
    const logits = dense(random, kept, 'logits', classes, glorotUniform);
    if (!options.auxiliaryHead) {
      return { model: tf.model({ name: 'inceptionV4', inputs: images, outputs: logits }) };
    }
    const settings = { reduce: scale(128), features: scale(768), classes, window: 'whole' } as const;
    const auxiliary = auxiliaryHead(style, maps17, 'auxiliary', settings);
    const model = tf.model({ name: 'inceptionV4', inputs: images, outputs: [logits, auxiliary] });
    return { model, auxiliaryWeights: [auxiliaryWeight] };
  },
});

/** Figure 3: 299 × 299 to 35 × 35; 'small' has the same convolutions without stride or pools, and keeps the size. */
function stem(style: InceptionStyle, images: X, kind: string, scale: Scale): X {
  const shrinks = kind === 'imagenet';
  const padding = shrinks ? 'valid' : 'same';
  const stride = shrinks ? 2 : 1;
  const pool = (x: X, name: string) => (shrinks ? halve(style, x, name) : x);
  let x = convolve(style, images, { name: 'conv1', filters: scale(32), size: 3, stride, padding });
  x = convNormRelu(style, x, { name: 'conv2', filters: scale(32), size: 3, padding });
  x = convNormRelu(style, x, { name: 'conv3', filters: scale(64), size: 3 });
  const halved = convolve(style, x, { name: 'mixed3a.conv', filters: scale(96), size: 3, stride, padding });
  x = concatenate([pool(x, 'mixed3a.pool'), halved], 'mixed3a.concat');
  const towers = [
    tower(style, x, 'mixed4a.3x3', [
      { filters: scale(64), size: 1 },
      { filters: scale(96), size: 3, padding },
    ]),
    tower(style, x, 'mixed4a.7x7', [
      { filters: scale(64), size: 1 },
      { filters: scale(64), size: [1, 7] },
      { filters: scale(64), size: [7, 1] },
      { filters: scale(96), size: 3, padding },
    ]),
  ];
  x = concatenate(towers, 'mixed4a.concat');
  const last = convolve(style, x, { name: 'mixed5a.conv', filters: scale(192), size: 3, stride, padding });
  return concatenate([last, pool(x, 'mixed5a.pool')], 'mixed5a.concat');
}

/** For 35 × 35 maps, figure 4. */
function moduleA(style: InceptionStyle, x: X, name: string, scale: Scale): X {
  const towers = [
    tower(style, x, `${name}.1x1`, [{ filters: scale(96), size: 1 }]),
    tower(style, x, `${name}.single`, [
      { filters: scale(64), size: 1 },
      { filters: scale(96), size: 3 },
    ]),
    tower(style, x, `${name}.double`, [
      { filters: scale(64), size: 1 },
      { filters: scale(96), size: 3 },
      { filters: scale(96), size: 3 },
    ]),
    poolTower(style, x, `${name}.pool`, scale(96)),
  ];
  return concatenate(towers, `${name}.concat`);
}

/** For 17 × 17 maps, figure 5. */
function moduleB(style: InceptionStyle, x: X, name: string, scale: Scale): X {
  const towers = [
    tower(style, x, `${name}.1x1`, [{ filters: scale(384), size: 1 }]),
    tower(style, x, `${name}.7x7`, [
      { filters: scale(192), size: 1 },
      { filters: scale(224), size: [1, 7] },
      { filters: scale(256), size: [7, 1] },
    ]),
    tower(style, x, `${name}.7x7twice`, [
      { filters: scale(192), size: 1 },
      { filters: scale(192), size: [7, 1] },
      { filters: scale(224), size: [1, 7] },
      { filters: scale(224), size: [7, 1] },
      { filters: scale(256), size: [1, 7] },
    ]),
    poolTower(style, x, `${name}.pool`, scale(128)),
  ];
  return concatenate(towers, `${name}.concat`);
}

/** Halves 17 × 17 maps to 8 × 8, figure 8. */
function reductionB(style: InceptionStyle, x: X, name: string, scale: Scale): X {
  const towers = [
    tower(style, x, `${name}.3x3`, [
      { filters: scale(192), size: 1 },
      { filters: scale(192), size: 3, stride: 2, padding: 'valid' },
    ]),
    tower(style, x, `${name}.7x7`, [
      { filters: scale(256), size: 1 },
      { filters: scale(256), size: [1, 7] },
      { filters: scale(320), size: [7, 1] },
      { filters: scale(320), size: 3, stride: 2, padding: 'valid' },
    ]),
    halve(style, x, `${name}.pool`),
  ];
  return concatenate(towers, `${name}.concat`);
}

/** For 8 × 8 maps: towers that fork into 1 × 3 and 3 × 1, figure 6. */
function moduleC(style: InceptionStyle, x: X, name: string, scale: Scale): X {
  const single = tower(style, x, `${name}.single`, [{ filters: scale(384), size: 1 }]);
  const double = tower(style, x, `${name}.double`, [
    { filters: scale(384), size: 1 },
    { filters: scale(448), size: [3, 1] },
    { filters: scale(512), size: [1, 3] },
  ]);
  const towers = [
    tower(style, x, `${name}.1x1`, [{ filters: scale(256), size: 1 }]),
    ...fork(style, single, `${name}.single`, scale(256)),
    ...fork(style, double, `${name}.double`, scale(256)),
    poolTower(style, x, `${name}.pool`, scale(256)),
  ];
  return concatenate(towers, `${name}.concat`);
}
