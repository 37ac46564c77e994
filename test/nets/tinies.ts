// Every net of the registry, on tiny images.

import * as tf from '@tensorflow/tfjs';
import { createNet, type NetChoice, type NetName } from '../../src/nets/create.ts';
import type { Net, NetShape } from '../../src/nets/net.ts';
import * as registry from '../../src/nets/registry.ts';
import { createRandom } from '../../src/random.ts';

export type Tiny = {
  readonly choice: NetChoice;
  readonly imageShape: readonly [number, number, number];
  /** Of volumes. */
  readonly depth?: number;
  readonly classes: number;
};

/**
 * A new net of the registry fails to compile until it has a line here. Convolutions with biases go without normalisation:
 * in front of it, a bias has no gradient.
 */
export const tinies: Readonly<Record<NetName, readonly Tiny[]>> = {
  denseUnet: [
    {
      choice: { name: 'denseUnet', width: 0.05, stageDepths: [1, 2, 1] },
      imageShape: [16, 32, 1],
      classes: 2,
    },
    {
      choice: {
        name: 'denseUnet',
        stem: 'small',
        width: 0.1,
        stageDepths: [2, 1],
        downsample: 'blur',
        seRatio: 1,
        norm: 'instance',
        padInput: true,
      },
      imageShape: [7, 6, 3],
      classes: 3,
    },
  ],
  densenet: [
    {
      choice: { name: 'densenet', width: 0.2, stageDepths: [1, 2, 1, 1], dropout: 0.2 },
      imageShape: [29, 36, 3],
      classes: 3,
    },
    {
      choice: {
        name: 'densenet',
        preset: 'densenetBc100',
        stageDepths: [2, 1],
        stageWidths: [3, 4],
        stemFilters: 6,
        downsample: 'blur',
        seRatio: 1,
        norm: 'group',
      },
      imageShape: [7, 8, 1],
      classes: 4,
    },
    {
      choice: { name: 'densenet', preset: 'densenetCifar40', stageDepths: [2, 1], norm: 'none', growth: 4 },
      imageShape: [6, 6, 1],
      classes: 2,
    },
  ],
  resnet: [
    { choice: { name: 'resnet', depth: 18, stem: 'small', filters: 4 }, imageShape: [8, 10, 1], classes: 5 },
    {
      choice: { name: 'resnet', depth: 50, filters: 4, pixels: 'imagenet' },
      imageShape: [32, 32, 3],
      classes: 3,
    },
    {
      choice: { name: 'resnet', preset: 'resnext50', groups: 2, width: 0.125, stageDepths: [1, 1, 1, 1] },
      imageShape: [16, 16, 3],
      classes: 6,
    },
    {
      choice: { name: 'resnet', preset: 'seResnet50', filters: 8, stageDepths: [1, 1, 1, 2], stem: 'small' },
      imageShape: [8, 8, 1],
      classes: 6,
    },
    {
      choice: {
        name: 'resnet',
        preset: 'cbamResnet18',
        stageWidths: [8, 8, 12, 16],
        filters: 8,
        dropout: 0.2,
      },
      imageShape: [33, 40, 3],
      classes: 6,
    },
    {
      choice: {
        name: 'resnet',
        preset: 'resnet50Keras',
        filters: 4,
        stageDepths: [1, 1, 2, 1],
        norm: 'none',
        activation: 'silu',
      },
      imageShape: [32, 32, 1],
      classes: 6,
    },
    {
      choice: { name: 'resnet', preset: 'resnet18Blur', filters: 4 },
      imageShape: [17, 20, 3],
      classes: 6,
    },
  ],
  preActResnet: [
    {
      choice: { name: 'preActResnet', depth: 18, filters: 4, stem: 'small' },
      imageShape: [8, 10, 1],
      classes: 5,
    },
    {
      choice: { name: 'preActResnet', filters: 2, stageDepths: [1, 1, 2, 1], seRatio: 0.25 },
      imageShape: [32, 34, 3],
      classes: 6,
    },
    {
      choice: {
        name: 'preActResnet',
        preset: 'resnet50V2Keras',
        filters: 2,
        stageDepths: [2, 2, 1, 2],
        norm: 'none',
      },
      imageShape: [32, 32, 3],
      classes: 6,
    },
    {
      choice: {
        name: 'preActResnet',
        preset: 'resnet50V2Keras',
        filters: 2,
        stageDepths: [1, 2, 2, 1],
        norm: 'none',
        downsample: 'blur',
      },
      imageShape: [17, 17, 1],
      classes: 6,
    },
  ],
  cifarResnet: [
    { choice: { name: 'cifarResnet', filters: 4 }, imageShape: [8, 9, 3], classes: 4 },
    {
      choice: { name: 'cifarResnet', preset: 'cifarResnet20B', width: 0.25, stageDepths: [1, 1, 2] },
      imageShape: [8, 8, 1],
      classes: 6,
    },
    {
      choice: {
        name: 'cifarResnet',
        preset: 'cifarResnet20Keras',
        filters: 4,
        stageDepths: [1, 2, 1],
        norm: 'none',
      },
      imageShape: [8, 8, 1],
      classes: 6,
    },
    {
      choice: {
        name: 'cifarResnet',
        filters: 4,
        stageDepths: [1, 1, 1],
        norm: 'instance',
        activation: 'gelu',
      },
      imageShape: [8, 8, 1],
      classes: 6,
    },
    {
      choice: { name: 'cifarResnet', filters: 4, stageDepths: [1, 1, 1], downsample: 'blur' },
      imageShape: [5, 6, 1],
      classes: 6,
    },
  ],
  googlenet: [
    {
      choice: { name: 'googlenet', stem: 'small', width: 0.01, stageDepths: [1, 3, 1], auxiliaryHead: true },
      imageShape: [6, 7, 3],
      classes: 3,
    },
    {
      choice: {
        name: 'googlenet',
        preset: 'torchvision',
        width: 0.01,
        stageDepths: [2, 1, 1],
        downsample: 'blur',
        seRatio: 1 / 16,
      },
      imageShape: [17, 18, 1],
      classes: 2,
    },
  ],
  inceptionResnetV2: [
    {
      choice: {
        name: 'inceptionResnetV2',
        stem: 'small',
        width: 0.01,
        stageDepths: [1, 2, 2],
        auxiliaryHead: true,
        seRatio: 1 / 4,
      },
      imageShape: [7, 8, 3],
      classes: 3,
    },
  ],
  fcDensenet: [
    {
      choice: { name: 'fcDensenet', stageDepths: [1, 2, 2], growth: 3, stemFilters: 4 },
      imageShape: [8, 12, 1],
      classes: 3,
    },
    {
      choice: {
        name: 'fcDensenet',
        preset: 'fcDensenet103',
        stageDepths: [2, 2],
        stageWidths: [4, 12],
        width: 0.5,
        downsample: 'blur',
        seRatio: 1,
        dropout: 0,
        norm: 'none',
        padInput: true,
      },
      imageShape: [5, 8, 3],
      classes: 2,
    },
  ],
  inceptionV3: [
    {
      choice: { name: 'inceptionV3', stem: 'small', width: 0.01, auxiliaryHead: true },
      imageShape: [7, 8, 3],
      classes: 3,
    },
    {
      choice: {
        name: 'inceptionV3',
        preset: 'torchvision',
        stem: 'small',
        width: 0.01,
        stageDepths: [2, 1, 1],
        downsample: 'blur',
        activation: 'silu',
        norm: 'layer',
        seRatio: 1 / 16,
      },
      imageShape: [9, 10, 1],
      classes: 2,
    },
  ],
  inceptionV4: [
    {
      choice: {
        name: 'inceptionV4',
        stem: 'small',
        width: 0.01,
        stageDepths: [1, 1, 2],
        auxiliaryHead: true,
      },
      imageShape: [7, 8, 3],
      classes: 3,
    },
  ],
  mobilenetV1: [
    { choice: { name: 'mobilenetV1', width: 0.25 }, imageShape: [33, 40, 3], classes: 3 },
    {
      choice: {
        name: 'mobilenetV1',
        stem: 'small',
        width: 0.5,
        stageDepths: [1, 1, 1, 1, 1],
        stageWidths: [8, 8, 12, 16, 24],
        downsample: 'blur',
        seRatio: 0.25,
        activation: 'silu',
        norm: 'none',
      },
      imageShape: [12, 10, 1],
      classes: 4,
    },
  ],
  mobilenetV2: [
    {
      choice: { name: 'mobilenetV2', width: 0.25, stem: 'small', padding: 'symmetric', seRatio: 1 },
      imageShape: [16, 18, 3],
      classes: 3,
    },
  ],
  segnet: [
    {
      choice: { name: 'segnet', stageDepths: [2, 3], stageWidths: [6, 8] },
      imageShape: [5, 6, 1],
      classes: 2,
    },
    {
      choice: {
        name: 'segnet',
        width: 0.1,
        stageDepths: [1, 1, 2],
        norm: 'group',
        activation: 'elu',
        seRatio: 1,
        dropout: 0.2,
        padInput: true,
      },
      imageShape: [9, 7, 3],
      classes: 3,
    },
  ],
  unet: [
    { choice: { name: 'unet', depth: 2, filters: 4 }, imageShape: [8, 12, 1], classes: 2 },
    { choice: { name: 'unet', depth: 1, filters: 4, norm: 'none' }, imageShape: [6, 6, 3], classes: 4 },
    {
      choice: { name: 'unet', preset: 'original', depth: 2, filters: 4, padInput: true },
      imageShape: [7, 10, 1],
      classes: 2,
    },
    {
      choice: { name: 'unet', preset: 'attention', depth: 2, filters: 4, bias: false, norm: 'instance' },
      imageShape: [16, 12, 1],
      classes: 3,
    },
    {
      choice: {
        name: 'unet',
        preset: 'bilinear',
        depth: 3,
        filters: 4,
        skips: ['none', 'gatedAdd', 'add'],
        downsample: 'blur',
        seRatio: 0.25,
        activation: 'silu',
        deepSupervision: true,
        padInput: true,
      },
      imageShape: [13, 16, 3],
      classes: 2,
    },
    {
      choice: {
        name: 'unet',
        depth: 2,
        stageWidths: [4, 6, 8],
        stageDepths: [1, 2, 3],
        width: 0.5,
        downsample: 'stride',
        norm: 'group',
      },
      imageShape: [8, 8, 1],
      classes: 2,
    },
  ],
  resUnet: [
    { choice: { name: 'resUnet', depth: 2, filters: 4, bias: false }, imageShape: [8, 12, 1], classes: 3 },
    {
      choice: {
        name: 'resUnet',
        depth: 2,
        filters: 4,
        norm: 'none',
        shortcutSize: 1,
        stageDepths: [1, 2, 1],
        skips: ['add', 'gatedConcat'],
        downsample: 'maxPool',
        seRatio: 1,
        dropout: 0.2,
        deepSupervision: true,
        padInput: true,
      },
      imageShape: [9, 6, 3],
      classes: 2,
    },
  ],
  unetPlusPlus: [
    { choice: { name: 'unetPlusPlus', depth: 2, filters: 4 }, imageShape: [8, 8, 1], classes: 2 },
    {
      choice: {
        name: 'unetPlusPlus',
        preset: 'batchNorm',
        depth: 3,
        filters: 4,
        bias: false,
        deepSupervision: true,
        padInput: true,
      },
      imageShape: [16, 15, 3],
      classes: 3,
    },
  ],
  unet3d: [
    { choice: { name: 'unet3d', depth: 1, filters: 2 }, depth: 4, imageShape: [6, 8, 1], classes: 3 },
    {
      choice: {
        name: 'unet3d',
        preset: 'original',
        depth: 1,
        filters: 2,
        norm: 'instance',
        activation: 'leakyRelu',
        padInput: true,
      },
      depth: 2,
      imageShape: [5, 4, 2],
      classes: 2,
    },
    {
      choice: {
        name: 'unet3d',
        depth: 2,
        stageWidths: [4, 6, 8],
        stageDepths: [1, 2, 1],
        normScale: false,
        normOffset: false,
        dropout: 0.2,
      },
      depth: 4,
      imageShape: [8, 4, 1],
      classes: 2,
    },
  ],
};

export const batch = 3;

export const definitions: Readonly<Record<string, { readonly task: NetShape['task'] }>> = registry;

export function build({ choice, classes, ...size }: Tiny, seed = 1): Net {
  const shape: NetShape = { task: definitions[choice.name]!.task, classes, ...size };
  return createNet(choice, shape, createRandom(seed));
}

/** [height, width, channels] of images, [depth, height, width, channels] of volumes. */
export function inputShape({ depth, imageShape }: Tiny): readonly number[] {
  return depth === undefined ? imageShape : [depth, ...imageShape];
}

export function randomImages(tiny: Tiny, count = batch): tf.Tensor {
  const shape = [count, ...inputShape(tiny)];
  return tf.tensor(createRandom(11).uniforms(tf.util.sizeFromShape(shape), 0, 1), shape);
}
