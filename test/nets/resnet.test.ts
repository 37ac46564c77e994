// What the options of residual nets make of them, and counts of variants that the golden configurations lack.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { createNet, type NetChoice } from '../../src/nets/create.ts';
import { describeNet } from '../../src/nets/describe.ts';
import { createRandom, type Random } from '../../src/random.ts';

const zeros: Random = {
  ...createRandom(0),
  stream: () => zeros,
  uniforms: (length) => new Float32Array(length),
  normals: (length) => new Float32Array(length),
};

function built<T>(choice: NetChoice, side: number, read: (model: tf.LayersModel) => T, classes = 2): T {
  const shape = { task: 'classification', imageShape: [side, side, 3], classes } as const;
  const { model } = createNet(choice, shape, zeros);
  try {
    return read(model);
  } finally {
    model.dispose();
  }
}

/** The last maps of each stage. */
function stagesOf(choice: NetChoice, side: number): Record<string, readonly number[]> {
  return built(choice, side, (model) => {
    const { stages } = describeNet(model);
    return Object.fromEntries(stages.map(({ name, shape }) => [name, shape]));
  });
}

/** Trainable parameters, all parameters, multiply-adds: timm 1.0.29 and torchvision 0.28.0, 224 × 224 to 1000 classes. */
const published: readonly [NetChoice, trainable: number, total: number, multiplyAdds: number][] = [
  [{ name: 'resnet', preset: 'wideResnet50' }, 68_883_240, 68_951_464, 11_398_021_120],
  [{ name: 'resnet', preset: 'seResnext50' }, 27_559_896, 27_628_120, 4_232_994_816],
  // resnetblur50: its shortcuts are not blurred, which changes no number here.
  [{ name: 'resnet', preset: 'resnet50Blur' }, 25_557_032, 25_610_152, 5_129_633_792],
  [{ name: 'preActResnet', preset: 'preActResnet18' }, 11_687_720, 11_695_528, 1_814_073_344],
];

describe('residual nets', () => {
  for (const [choice, trainable, total, multiplyAdds] of published) {
    test(`${JSON.stringify(choice)} has the published size`, () => {
      const found = built(choice, 224, describeNet, 1000);
      assert.deepEqual(found.parameters, { trainable, total });
      assert.equal(found.multiplyAdds, multiplyAdds);
    });
  }

  test('width multiplies all channels, those of stageWidths too', () => {
    const choice: NetChoice = { name: 'resnet', stem: 'small', width: 0.25 };
    const names = ['conv1', 'layer1', 'layer2', 'layer3', 'layer4'];
    const shapesOf = (choice: NetChoice) => {
      const stages = stagesOf(choice, 16);
      return names.map((name) => stages[name]);
    };
    const sides = [16, 16, 8, 4, 2];
    const shapes = (channels: number[]) => channels.map((count, i) => [sides[i], sides[i], count]);
    assert.deepEqual(shapesOf(choice), shapes([16, 16, 32, 64, 128]));
    assert.deepEqual(shapesOf({ ...choice, stageWidths: [8, 20, 12, 4] }), shapes([16, 2, 5, 3, 1]));
  });

  test('stageDepths are the numbers of blocks', () => {
    const choices: readonly NetChoice[] = [
      { name: 'resnet', depth: 50, filters: 1, stageDepths: [1, 3, 2, 4] },
      { name: 'preActResnet', filters: 1, stageDepths: [1, 3, 2, 4] },
    ];
    for (const choice of choices) {
      const blocks = built(choice, 32, (model) =>
        [1, 2, 3, 4].map(
          (stage) =>
            model.layers.filter(({ name }) => new RegExp(`^layer${stage}\\.\\d+\\.add$`).test(name)).length,
        ),
      );
      assert.deepEqual(blocks, [1, 3, 2, 4]);
    }
  });

  test('groups keep their number where width changes', () => {
    const kernels = built({ name: 'resnet', preset: 'resnext50', width: 0.5 }, 32, (model) =>
      [1, 4].map((stage) => model.getLayer(`layer${stage}.0.conv2`).weights[0]?.shape),
    );
    // 32 groups of 2, then of 16 channels.
    assert.deepEqual(kernels, [
      [3, 3, 2, 64],
      [3, 3, 16, 512],
    ]);
  });

  test('seRatio 0 and attention none are the plain net', () => {
    const count = (choice: NetChoice) => built(choice, 16, describeNet).parameters.total;
    const plain = count({ name: 'resnet', width: 0.25 });
    assert.equal(count({ name: 'resnet', width: 0.25, attention: 'none', seRatio: 0.25 }), plain);
    assert.ok(count({ name: 'resnet', width: 0.25, seRatio: 0.25 }) > plain);
    assert.ok(count({ name: 'resnet', width: 0.25, seRatio: 0.25, attention: 'cbam' }) > plain);
  });

  test('with downsample blur, no stride but that of the stem and the blurs is left', () => {
    const choices: readonly NetChoice[] = [
      { name: 'resnet', preset: 'resnet50Keras', filters: 1, downsample: 'blur' },
      { name: 'resnet', preset: 'resnet18Blur', filters: 1 },
      { name: 'preActResnet', preset: 'resnet50V2Keras', filters: 1, downsample: 'blur' },
      { name: 'cifarResnet', filters: 1, downsample: 'blur' },
    ];
    for (const choice of choices) {
      const strided = built(choice, 40, (model) =>
        model.layers
          .filter((layer) => String(layer.getConfig().strides ?? '1,1') !== '1,1')
          .map(({ name }) => name),
      );
      assert.deepEqual(strided, choice.name === 'cifarResnet' ? [] : ['conv1']);
    }
  });

  test('dropout stands in front of the classifier, if there is any', () => {
    const names = (dropout: number) =>
      built({ name: 'cifarResnet', dropout }, 8, (model) => model.layers.slice(-2).map(({ name }) => name));
    assert.deepEqual(names(0.5), ['dropout', 'fc']);
    assert.deepEqual(names(0), ['gap', 'fc']);
  });

  test('nothing is left of them', () => assert.equal(tf.memory().numTensors, 0));
});
