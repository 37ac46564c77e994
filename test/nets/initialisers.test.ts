import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { createNet } from '../../src/nets/create.ts';
import {
  fanInUniform,
  glorotUniform,
  heNormal,
  heNormalFanOut,
  type WeightRule,
} from '../../src/nets/initialisers.ts';
import { createRandom } from '../../src/random.ts';
import { noTensorLeak } from '../support.ts';

const [fanIn, fanOut, draws] = [50, 18, 100_000];

/** Variance that each rule promises, and the share of draws beyond two standard deviations: 4.55 % of a normal. */
const promises: readonly { name: string; rule: WeightRule; variance: number; beyondTwo: number }[] = [
  { name: 'heNormal', rule: heNormal, variance: 2 / fanIn, beyondTwo: 0.0455 },
  { name: 'heNormalFanOut', rule: heNormalFanOut, variance: 2 / fanOut, beyondTwo: 0.0455 },
  { name: 'glorotUniform', rule: glorotUniform, variance: 2 / (fanIn + fanOut), beyondTwo: 0 },
  { name: 'fanInUniform', rule: fanInUniform, variance: 1 / (3 * fanIn), beyondTwo: 0 },
];

function variance(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value ** 2, 0) / values.length;
}

describe('initial weights', () => {
  for (const { name, rule, ...promise } of promises) {
    const drawn = () =>
      tf.tidy(() =>
        Array.from(
          rule(createRandom(3), fanIn, fanOut)
            .apply([10, draws / 10])
            .dataSync(),
        ),
      );

    test(`${name} has the variance of its formula, uncut`, () => {
      const values = drawn();
      // The standard error of the variance of 100 000 normals is 0.45 %, of their mean 0.32 % of a deviation.
      assert.ok(Math.abs(variance(values) / promise.variance - 1) < 0.02);
      const deviation = Math.sqrt(promise.variance);
      const mean = values.reduce((sum, value) => sum + value, 0) / draws;
      assert.ok(Math.abs(mean) < 0.015 * deviation);
      const beyond = values.filter((value) => Math.abs(value) > 2 * deviation).length / draws;
      assert.ok(Math.abs(beyond - promise.beyondTwo) < 0.004, `${beyond} beyond two deviations`);
    });

    test(`${name} draws the same again`, () => assert.deepEqual(drawn(), drawn()));

    test(`${name} is saved as a distribution that tfjs knows, and as wide`, () => {
      const initialiser = rule(createRandom(3), fanIn, fanOut);
      const saved = initialiser.getConfig() as { stddev?: number; maxval?: number };
      const saying =
        initialiser.getClassName() === 'RandomNormal' ? saved.stddev! ** 2 : saved.maxval! ** 2 / 3;
      assert.ok(Math.abs(saying / promise.variance - 1) < 1e-12);
    });
  }

  test('layers count their fans', async () => {
    await tf.setBackend('cpu');
    await noTensorLeak(() => {
      const shape = { imageShape: [8, 8, 1], classes: 64 } as const;
      const random = createRandom(1);
      const resnet = createNet({ name: 'resnet', filters: 16 }, { ...shape, task: 'classification' }, random);
      const unet = createNet(
        { name: 'unet', depth: 1, filters: 32 },
        { ...shape, task: 'segmentation' },
        random,
      );
      const expected: [tf.LayersModel, string, number][] = [
        [resnet.model, 'conv1', 2 / (7 * 7 * 16)],
        [resnet.model, 'layer2.0.conv1', 2 / (3 * 3 * 32)],
        [resnet.model, 'fc', 1 / (3 * 128)],
        [unet.model, 'encoder1.conv2', 2 / (3 * 3 * 32)],
        // A transposed convolution of stride 2 and size 2: each unit sees one pixel of 64 channels.
        [unet.model, 'decoder1.up', 2 / 64],
      ];
      for (const [model, layer, promised] of expected) {
        const values = model.getLayer(layer).weights[0]!.read().dataSync();
        // Six standard errors.
        const tolerance = 6 * Math.sqrt(2 / values.length);
        assert.ok(Math.abs(variance(values) / promised - 1) < tolerance, layer);
      }
      resnet.model.dispose();
      unet.model.dispose();
    });
  });
});
