import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { activate, imageInput, norm } from './blocks.ts';
import { fanInUniform, glorotUniform } from './initialisers.ts';
import { defineNet } from './net.ts';
import { preActivationBasic, preActivationBottleneck } from './pre-activation-blocks.ts';
import {
  architectures,
  classify,
  kerasApplications,
  type Place,
  readBlockOptions,
  readPlaces,
  requireBlurrable,
  residualOptions,
  scaled,
} from './residual-net.ts';
import { bareImagenetStem, bareSmallStem } from './residual-stem.ts';
import { readStyle, requireOneOf, styleOptions } from './style.ts';

const conventions = {
  he: {
    bias: false,
    edge: 'nothing',
    shortcut: 'project',
    halves: ({ stage, index }: Place) => stage > 0 && index === 0,
    rule: fanInUniform,
  },
  keras: {
    bias: true,
    edge: 'zeros',
    shortcut: 'sample',
    halves: ({ stage, last }: Place) => stage < 3 && last,
    rule: glorotUniform,
  },
} as const;

/**
 * Pre-activation residual nets, known as ResNet v2: normalisation and activation come before each convolution, and
 * once more after the last sum. Images may be of any size; with downsample 'blur', of at least 17 × 17, or 5 × 5 with
 * the stem 'small'.
 *
 * He et al. 2016, Identity mappings in deep residual networks, arXiv:1603.05027. Layers and padding as in timm's
 * resnetv2; initial weights as in torchvision, but the bias of the last layer starts at 0. The presets `…V2Keras` are
 * keras.applications' nets.
 */
export const preActResnet = defineNet({
  task: 'classification',
  source: 'He et al. 2016, Identity mappings in deep residual networks, arXiv:1603.05027',
  defaults: {
    /** 18, 34, 50, 101 or 152. From 50 on, blocks are bottlenecks. */
    depth: 50,
    /**
     * 'he', or 'keras': a stage halves in its last block, not in its first, and convolutions that no normalisation
     * follows have biases.
     */
    convention: 'he',
    /**
     * 'imagenet' quarters the image at once (7 × 7 with stride 2, then a max pool); 'small', a 3 × 3 with
     * stride 1 and no pool, is for images up to about 64 × 64.
     */
    stem: 'imagenet',
    /** Channels of the stem; of the first stage too, where each of the three others doubles them. */
    filters: 64,
    ...residualOptions,
    ...styleOptions({ initialiser: 'heNormalFanOut' }),
  },
  presets: {
    preActResnet18: { depth: 18 },
    preActResnet34: { depth: 34 },
    preActResnet50: { depth: 50 },
    preActResnet101: { depth: 101 },
    preActResnet152: { depth: 152 },
    resnet50V2Keras: { ...kerasApplications, depth: 50 },
    resnet101V2Keras: { ...kerasApplications, depth: 101 },
    resnet152V2Keras: { ...kerasApplications, depth: 152 },
  },
  build({ imageShape, classes }, options, random) {
    const { depth, convention, stem, filters, width } = options;
    const architecture = architectures[depth];
    requireOption('preActResnet', 'depth', architecture !== undefined, '18, 34, 50, 101 or 152', depth);
    requireOneOf('preActResnet', 'convention', Object.keys(conventions), convention);
    requireOneOf('preActResnet', 'stem', ['imagenet', 'small'], stem);
    const places = readPlaces('preActResnet', 'layer', architecture!.depths, options);
    const shared = readBlockOptions('preActResnet', options);
    requireBlurrable('preActResnet', imageShape, stem === 'small' ? 3 : 5, shared.downsample);
    const style = readStyle('preActResnet', options, random);
    const { bias, edge, shortcut, halves, rule } = conventions[convention as keyof typeof conventions];
    const makeBlock = architecture!.bottleneck ? preActivationBottleneck : preActivationBasic;

    const { images, x: pixels } = imageInput(style, imageShape);
    const first = { filters: scaled(filters, width), bias, edge, downsample: shared.downsample };
    let x = (stem === 'small' ? bareSmallStem : bareImagenetStem)(style, pixels, first);
    for (const place of places) {
      const stride = halves(place) ? 2 : 1;
      const { name, filters } = place;
      x = makeBlock(style, x, { ...shared, name, filters, stride, shortcut, outerBias: bias });
    }
    x = activate(style, norm(style, x, 'post.norm'), 'post.relu');
    const logits = classify(random, x, { classes, rate: options.dropout, rule });
    return { model: tf.model({ name: 'preActResnet', inputs: images, outputs: logits }) };
  },
});
