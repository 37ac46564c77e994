import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { activate, convNormRelu, dense, dropout, imageInput } from './blocks.ts';
import {
  convolve,
  excite,
  fitting,
  halve,
  type InceptionStyle,
  type Scale,
  tower,
} from './inception-blocks.ts';
import { type InceptionFamily, inceptionOptions, readInception, spread } from './inception-options.ts';
import { glorotUniform } from './initialisers.ts';
import { defineNet } from './net.ts';
import { requireOneOf } from './style.ts';
import {
  averagePool,
  concatenate,
  flatten,
  globalAveragePool,
  localResponseNorm,
  maxPool,
} from './weightless.ts';

type X = tf.SymbolicTensor;

const family: InceptionFamily = {
  name: 'googlenet',
  stageDepths: [2, 5, 2],
  stageWidths: [480, 832, 1024],
  minimumChannels: 16,
  // Its layers pad, so that any map can be halved; but a blur needs two pixels.
  smallestSide: { imagenet: { stride: 1, blur: 17 }, small: { stride: 1, blur: 3 } },
};

/** Weight of the loss of each auxiliary head, and the share of its features that it drops: section 5 of the paper. */
const auxiliaryWeight = 0.3;
const auxiliaryDropout = 0.7;

/** Channels of each tower, first convolution first. */
export interface GoogLeNetWidths {
  readonly one: number;
  readonly three: readonly [number, number];
  readonly five: readonly [number, number];
  readonly pool: number;
}

/** Table 1 of the paper, stages 3 to 5. */
const stages: readonly (readonly GoogLeNetWidths[])[] = [
  [
    { one: 64, three: [96, 128], five: [16, 32], pool: 32 },
    { one: 128, three: [128, 192], five: [32, 96], pool: 64 },
  ],
  [
    { one: 192, three: [96, 208], five: [16, 48], pool: 64 },
    { one: 160, three: [112, 224], five: [24, 64], pool: 64 },
    { one: 128, three: [128, 256], five: [24, 64], pool: 64 },
    { one: 112, three: [144, 288], five: [32, 64], pool: 64 },
    { one: 256, three: [160, 320], five: [32, 128], pool: 128 },
  ],
  [
    { one: 256, three: [160, 320], five: [32, 128], pool: 128 },
    { one: 384, three: [192, 384], five: [48, 128], pool: 128 },
  ],
];

/** What TF-slim and torchvision have otherwise than the paper. */
const slim = {
  norm: 'batch',
  localResponseNorm: false,
  largestKernel: 3,
  lastPool: 2,
  dropout: 0.2,
} as const;

/**
 * GoogLeNet, or Inception v1, published for images of 224 × 224; it takes images of any size. `stageDepths`: modules of
 * stages 3, 4 and 5. It has two auxiliary heads, on the first and on the last but one of stage 4.
 *
 * Szegedy et al. 2014, Going deeper with convolutions, arXiv:1409.4842. By default the net of the paper, with the
 * parameter counts of BVLC's Caffe model: local response normalisation, and no other. Departures: max pools pad as
 * TensorFlow's 'same', which is what Caffe and torchvision do where maps are even; the auxiliary heads of the presets
 * are the paper's (torchvision pools adaptively in front of them, TF-slim has none); biases start at 0.
 */
export const googlenet = defineNet({
  task: 'classification',
  source: 'Szegedy et al. 2014, Going deeper with convolutions, arXiv:1409.4842',
  defaults: {
    ...inceptionOptions({ norm: 'none', dropout: 0.4 }),
    /** Normalises across channels behind the first pool and in front of the second. */
    localResponseNorm: true,
    /** Side of the largest convolution of a module: 5, or 3 as in TF-slim and torchvision. */
    largestKernel: 5,
    /** Side of the windows of the pool in front of stage 5: 3, or 2 as in TF-slim and torchvision. */
    lastPool: 3,
    /** Of the first convolution: 'same', as TensorFlow, or 'symmetric', as Caffe and torchvision. */
    padding: 'same',
  },
  presets: {
    tfSlim: { ...slim, normMomentum: 0.9997 },
    torchvision: { ...slim, normScale: true, padding: 'symmetric' },
  },
  build({ imageShape, classes }, options, random) {
    const { style, scale, stageScales, stageDepths } = readInception(family, imageShape, options, random);
    requireUsable(options, stageDepths);
    const modules = (input: X, stage: number) => {
      const outputs: X[] = [];
      for (const [index, widths] of spread(stages[stage - 3]!, stageDepths[stage - 3]!).entries()) {
        const name = `inception${stage}${String.fromCharCode('a'.charCodeAt(0) + index)}`;
        const scaled = scaleWidths(widths, stageScales[stage - 3]!);
        const x = googLeNetModule(style, outputs.at(-1) ?? input, name, scaled, options.largestKernel);
        outputs.push(excite(style, x, name));
      }
      return outputs;
    };
    const { images, x: pixels } = imageInput(style, imageShape);
    const third = modules(stem(style, pixels, options, scale), 3).at(-1)!;
    const fourth = modules(halve(style, third, 'pool3', { padding: 'same' }), 4);
    const lastPool = { size: options.lastPool, padding: 'same' } as const;
    const fifth = modules(halve(style, fourth.at(-1)!, 'pool4', lastPool), 5).at(-1)!;
    const kept = dropout(random, globalAveragePool(fifth, 'gap'), 'dropout', options.dropout);
    const logits = dense(random, kept, 'logits', classes, glorotUniform);
    if (!options.auxiliaryHead) {
      return { model: tf.model({ name: 'googlenet', inputs: images, outputs: logits }) };
    }
    const heads = [fourth[0]!, fourth.at(-2)!].map((x, index) =>
      auxiliaryHead(style, x, `auxiliary${index + 1}`, scale, classes),
    );
    const model = tf.model({ name: 'googlenet', inputs: images, outputs: [logits, ...heads] });
    return { model, auxiliaryWeights: heads.map(() => auxiliaryWeight) };
  },
});

function requireUsable(
  options: { largestKernel: number; lastPool: number; padding: string; auxiliaryHead: boolean },
  stageDepths: readonly number[],
): void {
  const { largestKernel, lastPool, padding, auxiliaryHead } = options;
  requireOption('googlenet', 'largestKernel', [3, 5].includes(largestKernel), '3 or 5', largestKernel);
  requireOption('googlenet', 'lastPool', [2, 3].includes(lastPool), '2 or 3', lastPool);
  requireOneOf('googlenet', 'padding', ['same', 'symmetric'], padding);
  const apart = !auxiliaryHead || stageDepths[1]! > 2;
  requireOption(
    'googlenet',
    'stageDepths',
    apart,
    'at least 3 modules in stage 4, for two auxiliary heads',
    stageDepths,
  );
}

/** 224 × 224 to 28 × 28; 'small' has the same convolutions without stride or pools, and keeps the size. */
function stem(
  style: InceptionStyle,
  images: X,
  options: { stem: string; padding: string; localResponseNorm: boolean },
  scale: Scale,
): X {
  const shrinks = options.stem === 'imagenet';
  const pool = (x: X, name: string) => (shrinks ? halve(style, x, name, { padding: 'same' }) : x);
  const normalise = (x: X, name: string) => (options.localResponseNorm ? localResponseNorm(x, name) : x);
  const padding = options.padding as 'same' | 'symmetric';
  const first = { name: 'conv1', filters: scale(64), size: 7, stride: shrinks ? 2 : 1, padding };
  let x = normalise(pool(convolve(style, images, first), 'pool1'), shrinks ? 'pool1.lrn' : 'conv1.lrn');
  x = convNormRelu(style, x, { name: 'conv2', filters: scale(64), size: 1 });
  x = convNormRelu(style, x, { name: 'conv3', filters: scale(192), size: 3 });
  return pool(normalise(x, 'conv3.lrn'), 'pool2');
}

function scaleWidths({ one, three, five, pool }: GoogLeNetWidths, scale: Scale): GoogLeNetWidths {
  return {
    one: scale(one),
    three: [scale(three[0]), scale(three[1])],
    five: [scale(five[0]), scale(five[1])],
    pool: scale(pool),
  };
}

/**
 * Figure 2b: 1 × 1, 3 × 3 and 5 × 5 convolutions beside a max pool. Without normalisation in `style`, the module of the
 * paper; with it, that of Ioffe and Szegedy 2015, arXiv:1502.03167, with the 5 × 5 convolution kept.
 */
export function googLeNetModule(
  style: InceptionStyle,
  x: X,
  name: string,
  { one, three, five, pool }: GoogLeNetWidths,
  largestKernel = 5,
): X {
  const pooled = maxPool(x, { name: `${name}.pool.max`, size: 3, stride: 1, padding: 'same' });
  const towers = [
    tower(style, x, `${name}.1x1`, [{ filters: one, size: 1 }]),
    tower(style, x, `${name}.3x3`, [
      { filters: three[0], size: 1 },
      { filters: three[1], size: 3 },
    ]),
    tower(style, x, `${name}.5x5`, [
      { filters: five[0], size: 1 },
      { filters: five[1], size: largestKernel },
    ]),
    tower(style, pooled, `${name}.pool`, [{ filters: pool, size: 1 }]),
  ];
  return concatenate(towers, `${name}.concat`);
}

/** The auxiliary classifier of section 5; a map smaller than the window of its pool is taken whole. */
function auxiliaryHead(style: InceptionStyle, input: X, name: string, scale: Scale, classes: number): X {
  const pooled = averagePool(input, { name: `${name}.pool`, size: fitting(input, 5), stride: 3 });
  const x = convNormRelu(style, pooled, { name: `${name}.conv`, filters: scale(128), size: 1 });
  const hidden = dense(
    style.random,
    flatten(x, `${name}.flat`),
    `${name}.hidden`,
    scale(1024),
    glorotUniform,
  );
  const active = activate(style, hidden, `${name}.hidden.relu`);
  const kept = dropout(style.random, active, `${name}.dropout`, auxiliaryDropout);
  return dense(style.random, kept, `${name}.logits`, classes, glorotUniform);
}
