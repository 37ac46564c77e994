// Small whole nets, their weights generated: the way from the images to the logits and back.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { convNormRelu, dense, type Style } from '../../src/nets/blocks.ts';
import { createNet, type NetChoice } from '../../src/nets/create.ts';
import { moduleA, moduleB, moduleC, reductionA, reductionB } from '../../src/nets/inception-blocks.ts';
import { glorotUniform } from '../../src/nets/initialisers.ts';
import { separableBlock } from '../../src/nets/mobilenet.ts';
import type { NetShape } from '../../src/nets/net.ts';
import { globalAveragePool } from '../../src/nets/weightless.ts';
import { createRandom } from '../../src/random.ts';
import { engines } from '../engine/engines.ts';
import { type GoldenTensor, loadGolden } from '../golden/load.ts';
import { assertMatches, mulberry32, type Reference } from './reference.ts';

interface Recipe {
  readonly shape: number[];
  readonly first3: number[];
  readonly sum: number;
}

type NetworkFile = Pick<Reference, 'inference' | 'training'> & {
  readonly generator: { weights_seed: number; input_seed: number; R_seed: number };
  readonly order: (Recipe & { name: string; offset: number; factor: number })[];
  readonly inputs: Record<string, Recipe>;
  readonly R: Recipe[];
};

function generate(recipe: Recipe, uniform: () => number, offset = -1, factor = 2): GoldenTensor {
  const length = recipe.shape.reduce((product, size) => product * size, 1);
  const data = Array.from({ length }, () => Math.fround(offset + factor * uniform()));
  const sum = data.reduce((total, value) => total + value, 0);
  // Both are printed with 8 digits, the sum rounded after adding up to thousands of terms.
  for (const [i, first] of recipe.first3.entries()) assert.ok(Math.abs((data[i] as number) - first) < 1e-7);
  assert.ok(
    Math.abs(sum - recipe.sum) < 1e-5 * Math.max(1, Math.abs(recipe.sum)),
    `sum ${sum}, expected ${recipe.sum}`,
  );
  return { shape: recipe.shape, data };
}

function loadNetwork(name: string): Reference {
  const { generator, order, inputs, R, ...numbers } = loadGolden<NetworkFile>(`nets/${name}`);
  const weights = mulberry32(generator.weights_seed);
  const [input, cotangent] = [mulberry32(generator.input_seed), mulberry32(generator.R_seed)];
  return {
    ...numbers,
    weights: Object.fromEntries(
      order.map((recipe) => [recipe.name, generate(recipe, weights, recipe.offset, recipe.factor)]),
    ),
    inputs: Object.fromEntries(Object.entries(inputs).map(([key, recipe]) => [key, generate(recipe, input)])),
    R: R.map((recipe) => generate(recipe, cotangent)),
  };
}

/** Layers of the same name in `model` and reference, but for `renamed` parts. */
function layersOf(model: tf.LayersModel, rename: (ours: string) => string): Record<string, string> {
  const bare = model.weights.map(({ originalName }) =>
    (originalName.split('/')[0] as string).replace(/\.norm$/, ''),
  );
  return Object.fromEntries(bare.map((ours) => [rename(ours), ours]));
}

interface Case {
  readonly file: string;
  readonly choice: NetChoice;
  readonly shape: NetShape;
  /** Our name of a layer to theirs. */
  rename(ours: string): string;
}

const cases: readonly Case[] = [
  {
    file: 'net_resnet18_w4',
    choice: { name: 'resnet', depth: 18, filters: 4 },
    shape: { task: 'classification', imageShape: [64, 64, 3], classes: 7 },
    rename: (ours) => ours.replace('shortcut', 'down'),
  },
  {
    file: 'net_bnunet_3level',
    choice: { name: 'unet', depth: 2, filters: 4 },
    shape: { task: 'segmentation', imageShape: [16, 16, 1], classes: 28 },
    rename: (ours) =>
      ours
        .replace(/^encoder(\d)\.conv/, 'enc$1.')
        .replace('bottleneck.conv', 'mid.')
        .replace(/^decoder(\d)\.conv/, 'dec$1.')
        .replace(/^decoder(\d)\.up/, 'up$1'),
  },
];

const inceptionNames: Readonly<Record<string, string>> = {
  stem: 'stem',
  'a.1': 'a.1x1.1',
  'a.5a': 'a.5x5.1',
  'a.5b': 'a.5x5.2',
  'a.3a': 'a.3x3.1',
  'a.3b': 'a.3x3.2',
  'a.3c': 'a.3x3.3',
  'a.p': 'a.pool.1',
  'ra.1': 'ra.single.1',
  'ra.2a': 'ra.double.1',
  'ra.2b': 'ra.double.2',
  'ra.2c': 'ra.double.3',
  'b.1': 'b.1x1.1',
  'b.2a': 'b.7x7.1',
  'b.2b': 'b.7x7.2',
  'b.2c': 'b.7x7.3',
  'b.3a': 'b.7x7twice.1',
  'b.3b': 'b.7x7twice.2',
  'b.3c': 'b.7x7twice.3',
  'b.3d': 'b.7x7twice.4',
  'b.3e': 'b.7x7twice.5',
  'b.p': 'b.pool.1',
  'rb.1a': 'rb.3x3.1',
  'rb.1b': 'rb.3x3.2',
  'rb.2a': 'rb.7x7.1',
  'rb.2b': 'rb.7x7.2',
  'rb.2c': 'rb.7x7.3',
  'rb.2d': 'rb.7x7.4',
  'c.1': 'c.1x1.1',
  'c.2': 'c.single.1',
  'c.2a': 'c.single.1x3',
  'c.2b': 'c.single.3x1',
  'c.3a': 'c.double.1',
  'c.3b': 'c.double.2',
  'c.3c': 'c.double.1x3',
  'c.3d': 'c.double.3x1',
  'c.p': 'c.pool.1',
  fc: 'fc',
};

/** One module of each kind of Inception v3, a sixteenth as wide. */
function miniInception(): tf.LayersModel {
  const random = createRandom(1);
  const style: Style = {
    random,
    kernel: glorotUniform,
    norm: { epsilon: 1e-3, momentum: 0.99, scale: false },
  };
  const images = tf.input({ shape: [35, 35, 3] });
  let x = convNormRelu(style, images, { name: 'stem', filters: 8, size: 3, stride: 2, padding: 'valid' });
  x = moduleA(style, x, 'a', { one: 4, five: [3, 4], three: [4, 6], pool: 2 });
  x = reductionA(style, x, 'ra', { single: 12, double: [4, 6, 6] });
  x = moduleB(style, x, 'b', { one: 6, seven: [4, 6], pool: 6 });
  x = reductionB(style, x, 'rb', { three: [6, 10], seven: [6, 6] });
  x = moduleC(style, x, 'c', { one: 10, single: [12, 12], double: [14, 12, 12], pool: 6 });
  const logits = dense(random, globalAveragePool(x, 'gap'), 'fc', 7, glorotUniform);
  return tf.model({ inputs: images, outputs: logits });
}

/** MobileNetV1 with alpha 0.25: the channels and strides of its 13 separable blocks. */
const mobileNetBlocks = [
  [16, 1],
  [32, 2],
  [32, 1],
  [64, 2],
  [64, 1],
  [128, 2],
  [128, 1],
  [128, 1],
  [128, 1],
  [128, 1],
  [128, 1],
  [256, 2],
  [256, 1],
] as const;

function smallMobileNet(): tf.LayersModel {
  const random = createRandom(1);
  const norm = { epsilon: 1e-3, momentum: 0.99, scale: true };
  const style: Style = { random, kernel: glorotUniform, norm, activation: 'relu6' };
  const images = tf.input({ shape: [64, 64, 3] });
  let x = convNormRelu(style, images, { name: 'conv1', filters: 8, size: 3, stride: 2 });
  for (const [index, [filters, stride]] of mobileNetBlocks.entries()) {
    x = separableBlock(style, x, { name: `block${index + 1}`, filters, stride });
  }
  const logits = dense(random, globalAveragePool(x, 'gap'), 'fc', 7, glorotUniform);
  return tf.model({ inputs: images, outputs: logits });
}

const mobileNetName = (ours: string) =>
  ours.replace(/block(\d+)\.depthwise/, 'dw$1').replace(/block(\d+)\.pointwise/, 'pw$1');

for (const engine of engines) {
  describe(`nets match TensorFlow and PyTorch on ${engine.name}`, () => {
    for (const { file, choice, shape, rename } of cases) {
      test(file, async () => {
        await engine.use();
        const { model } = createNet(choice, shape, createRandom(1));
        const layers = layersOf(model, rename);
        // The reference starts from pixels in [−1, 1], which is what our nets make of [0, 1] themselves.
        const toInput = { scale: 0.5, offset: 0.5 };
        await assertMatches({ model, reference: loadNetwork(file), layers, toInput });
        model.dispose();
      });
    }

    test('net_inception_abc', async () => {
      await engine.use();
      const model = miniInception();
      await assertMatches({ model, reference: loadNetwork('net_inception_abc'), layers: inceptionNames });
      model.dispose();
    });

    test('net_mobilenetv1_025', async () => {
      await engine.use();
      const model = smallMobileNet();
      const layers = layersOf(model, mobileNetName);
      // 27 layers, the last normalised over 8 pixels: PyTorch 2.13 in float32 differs from itself in float64 by 2.9e-4.
      const reference = loadNetwork('net_mobilenetv1_025');
      await assertMatches({ model, reference, layers, relativeInTraining: 5e-4 });
      model.dispose();
    });
  });
}
