import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { imageInput, type Style } from './blocks.ts';
import { fanInUniform, glorotUniform } from './initialisers.ts';
import { defineNet } from './net.ts';
import { basicBlock, type ResidualBlock } from './residual-blocks.ts';
import {
  classify,
  readBlockOptions,
  readPlaces,
  requireBlurrable,
  residualOptions,
  scaled,
} from './residual-net.ts';
import { imagenetStem, smallStem } from './residual-stem.ts';
import { readStyle, requireOneOf, styleOptions } from './style.ts';

/** What the option `shortcut` says of the blocks. */
const shortcuts: Readonly<Record<string, Pick<ResidualBlock, 'shortcut' | 'padding'>>> = {
  A: { shortcut: 'pad' },
  B: { shortcut: 'project' },
  keras: { shortcut: 'conv', padding: 'same' },
};

/** What a preset after the example of keras.io sets. */
const keras = { shortcut: 'keras', normEpsilon: 1e-3, normMomentum: 0.99 } as const;

/**
 * The residual nets for images of 32 × 32, of three stages. Others may be of any size; with downsample 'blur', of at
 * least 3 × 3.
 *
 * He et al. 2015, Deep residual learning for image recognition, arXiv:1512.03385, section 4.2. Padding as in PyTorch;
 * the bias of the last layer starts at 0. The presets `…Keras` are the nets of version 1 in keras.io's CIFAR-10 example,
 * padded as TensorFlow does.
 */
export const cifarResnet = defineNet({
  task: 'classification',
  source: 'He et al. 2015, Deep residual learning for image recognition, arXiv:1512.03385, section 4.2',
  defaults: {
    /** 6n + 2 layers, with n blocks in each stage: 20, 32, 44, 56, 110. */
    depth: 20,
    /**
     * Where a stage halves: 'A', every other pixel and channels of zeros; 'B', a 1 × 1 convolution, normalised;
     * 'keras', one with a bias instead, and all other convolutions have biases too.
     */
    shortcut: 'A',
    /** 'small', a 3 × 3 with stride 1, or 'imagenet', which quarters the image at once. */
    stem: 'small',
    /** Channels of the stem and the first stage; each of the two others doubles them. */
    filters: 16,
    ...residualOptions,
    /** Starts each residual branch at zero, so that blocks begin as the identity. Goyal et al. 2017, arXiv:1706.02677, section 5.1. */
    zeroInitResidual: false,
    ...styleOptions(),
  },
  presets: {
    cifarResnet20: { depth: 20 },
    cifarResnet32: { depth: 32 },
    cifarResnet44: { depth: 44 },
    cifarResnet56: { depth: 56 },
    cifarResnet110: { depth: 110 },
    cifarResnet20B: { depth: 20, shortcut: 'B' },
    cifarResnet56B: { depth: 56, shortcut: 'B' },
    cifarResnet110B: { depth: 110, shortcut: 'B' },
    cifarResnet20Keras: { ...keras, depth: 20 },
    cifarResnet56Keras: { ...keras, depth: 56 },
    cifarResnet110Keras: { ...keras, depth: 110 },
  },
  build({ imageShape, classes }, options, random) {
    const { depth, shortcut, stem, filters, width, zeroInitResidual } = options;
    const blocks = (depth - 2) / 6;
    const fits = Number.isInteger(blocks) && blocks > 0;
    requireOption('cifarResnet', 'depth', fits, '6n + 2, such as 20, 32, 44, 56 or 110', depth);
    requireOneOf('cifarResnet', 'shortcut', Object.keys(shortcuts), shortcut);
    requireOneOf('cifarResnet', 'stem', ['small', 'imagenet'], stem);
    const places = readPlaces('cifarResnet', 'stage', [blocks, blocks, blocks], options);
    const shared = { ...readBlockOptions('cifarResnet', options), ...shortcuts[shortcut], zeroInitResidual };
    requireBlurrable('cifarResnet', imageShape, stem === 'small' ? 2 : 4, shared.downsample);
    const biased = shortcut === 'keras';
    const style: Style = { ...readStyle('cifarResnet', options, random), bias: biased };

    const { images, x: pixels } = imageInput(style, imageShape);
    const first = { filters: scaled(filters, width), downsample: shared.downsample };
    let x = (stem === 'small' ? smallStem : imagenetStem)(style, pixels, first);
    for (const { name, filters, stage, index } of places) {
      const stride = stage > 0 && index === 0 ? 2 : 1;
      x = basicBlock(style, x, { ...shared, name, filters, stride });
    }
    const rule = biased ? glorotUniform : fanInUniform;
    const logits = classify(random, x, { classes, rate: options.dropout, rule });
    return { model: tf.model({ name: 'cifarResnet', inputs: images, outputs: logits }) };
  },
});
