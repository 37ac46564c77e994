// Every net of the registry, on tiny images.

import * as tf from '@tensorflow/tfjs';
import { createNet, type NetChoice, type NetName } from '../../src/nets/create.ts';
import type { Net, NetShape } from '../../src/nets/net.ts';
import * as registry from '../../src/nets/registry.ts';
import { createRandom } from '../../src/random.ts';

export type Tiny = {
  readonly choice: NetChoice;
  readonly imageShape: readonly [number, number, number];
  readonly classes: number;
};

/** A new net of the registry fails to compile until it has a line here. */
export const tinies: Readonly<Record<NetName, readonly Tiny[]>> = {
  resnet: [
    { choice: { name: 'resnet', depth: 18, stem: 'small', filters: 4 }, imageShape: [8, 10, 1], classes: 5 },
    { choice: { name: 'resnet', depth: 50, filters: 2 }, imageShape: [32, 32, 3], classes: 3 },
  ],
  inceptionV3: [
    {
      choice: { name: 'inceptionV3', stem: 'small', width: 0.01, auxiliaryHead: true },
      imageShape: [7, 8, 3],
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
};

export const batch = 3;

export const definitions: Readonly<Record<string, { readonly task: NetShape['task'] }>> = registry;

export function build({ choice, imageShape, classes }: Tiny, seed = 1): Net {
  const shape: NetShape = { task: definitions[choice.name]!.task, imageShape, classes };
  return createNet(choice, shape, createRandom(seed));
}

export function randomImages({ imageShape }: Tiny, count = batch): tf.Tensor4D {
  const shape: [number, number, number, number] = [count, ...imageShape];
  return tf.tensor4d(createRandom(11).uniforms(tf.util.sizeFromShape(shape), 0, 1), shape);
}
