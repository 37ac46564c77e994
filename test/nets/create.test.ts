import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../../src/errors.ts';
import { createNet, type NetChoice } from '../../src/nets/create.ts';
import type { NetShape } from '../../src/nets/net.ts';
import { createRandom } from '../../src/random.ts';

const classification = { task: 'classification', imageShape: [64, 64, 3], classes: 2 } as const;
const segmentation = { task: 'segmentation', imageShape: [64, 64, 1], classes: 2 } as const;

function sized(shape: NetShape, height: number, width: number): NetShape {
  return { ...shape, imageShape: [height, width, shape.imageShape[2]] };
}

const refusals: readonly [NetChoice, NetShape, RegExp][] = [
  [
    { name: 'resnet' },
    segmentation,
    /resnet is a net for classification, the data are for segmentation\. Choose .*unet/,
  ],
  [{ name: 'unet' }, classification, /unet is a net for segmentation.*Choose .*resnet/],
  [{ name: 'resnet', depth: 19 }, classification, /"depth" of resnet: expected 18, .* or 152, received 19/],
  [{ name: 'resnet', stem: 'tiny' }, classification, /"stem" of resnet: expected imagenet or small/],
  [{ name: 'resnet', filters: 0 }, classification, /"filters" of resnet: expected a positive integer/],
  [{ name: 'resnet', width: 0 }, classification, /"width" of resnet: expected a positive number/],
  [{ name: 'resnet', dropout: 1 }, classification, /"dropout" of resnet: expected a rate in \[0, 1\)/],
  [{ name: 'resnet', stageDepths: [2, 2, 2] }, classification, /"stageDepths" of resnet: .* 4 positive int/],
  [{ name: 'resnet', stageWidths: [8, 8, 8, 0.5] }, classification, /"stageWidths" of resnet: .* 4 positive/],
  [{ name: 'resnet', groups: 2 }, classification, /"groups" of resnet: expected 1 with depth 18 or 34/],
  [{ name: 'resnet', widthPerGroup: 4 }, classification, /"widthPerGroup" of resnet: expected 64 with depth/],
  [{ name: 'resnet', attention: 'cbam' }, classification, /"seRatio" of resnet: expected a positive number/],
  [{ name: 'resnet', downsample: 'pool' }, classification, /"downsample" of resnet: expected stride or blur/],
  [{ name: 'resnet', convention: 'he' }, classification, /"convention" of resnet: .* torchvision or keras/],
  [
    { name: 'resnet', downsample: 'blur' },
    sized(classification, 17, 16),
    /at least 17 × 17, received 17 × 16.*stem 'small'/,
  ],
  [{ name: 'resnet', downsample: 'blur', stem: 'small' }, sized(classification, 4, 5), /at least 5 × 5/],
  [{ name: 'preActResnet', downsample: 'blur' }, sized(classification, 16, 64), /at least 17 × 17/],
  [{ name: 'preActResnet', convention: 'timm' }, classification, /of preActResnet: expected he or keras/],
  [{ name: 'cifarResnet', downsample: 'blur' }, sized(classification, 2, 8), /at least 3 × 3/],
  [{ name: 'cifarResnet', depth: 18 }, classification, /"depth" of cifarResnet: expected 6n \+ 2/],
  [{ name: 'cifarResnet', shortcut: 'C' }, classification, /"shortcut" of cifarResnet: .* A, B or keras/],
  [{ name: 'resnet' }, { ...classification, classes: 1 }, /at least 2 classes, received 1/],
  [{ name: 'resnet' }, sized(classification, 0, 64), /all positive integers, received \[0, 64, 3\]/],
  [
    { name: 'inceptionV3' },
    sized(classification, 75, 74),
    /at least 75 × 75, received 75 × 74.*stem: 'small'/,
  ],
  [{ name: 'inceptionV3', stem: 'small' }, sized(classification, 6, 64), /at least 7 × 7, received 6 × 64/],
  [{ name: 'inceptionV3', width: 0 }, classification, /"width" of inceptionV3/],
  [{ name: 'unet' }, sized(segmentation, 64, 72), /multiples of 16, received 64 × 72/],
  [{ name: 'unet', depth: 3 }, sized(segmentation, 68, 64), /multiples of 8, received 68 × 64/],
  [{ name: 'unet', depth: 0 }, segmentation, /"depth" of unet: expected a positive integer/],
  [{ name: 'unet', norm: 'group' }, segmentation, /"norm" of unet: expected 'batch' or 'none'/],
  [
    { name: 'vgg' } as unknown as NetChoice,
    classification,
    /There is no net "vgg"\. Choose one of: .*resnet, .*unet/,
  ],
];

describe('createNet', () => {
  for (const [choice, shape, message] of refusals) {
    test(`refuses ${JSON.stringify(choice)} for ${shape.task} of ${shape.imageShape.join('×')}, ${shape.classes} classes`, () => {
      assert.throws(
        () => createNet(choice, shape, createRandom(1)),
        (error: Error) => {
          assert.ok(error instanceof UsageError, String(error));
          assert.match(error.message, message);
          return true;
        },
      );
      assert.equal(tf.memory().numTensors, 0, 'something was built');
    });
  }

  test('refuses an option that the net has not, when compiled too', () => {
    // @ts-expect-error: a slip of the pen
    const choice: NetChoice = { name: 'resnet', depht: 34 };
    assert.throws(() => createNet(choice, classification, createRandom(1)), /resnet has no option "depht"/);
  });

  const smallest: readonly [NetChoice, NetShape][] = [
    [{ name: 'inceptionV3', width: 0.01, auxiliaryHead: true }, sized(classification, 75, 75)],
    [{ name: 'inceptionV3', width: 0.01, auxiliaryHead: true, stem: 'small' }, sized(classification, 7, 7)],
    [{ name: 'resnet', filters: 1 }, sized(classification, 1, 1)],
    [{ name: 'resnet', filters: 1, downsample: 'blur' }, sized(classification, 17, 17)],
    [{ name: 'resnet', filters: 1, downsample: 'blur', stem: 'small' }, sized(classification, 5, 5)],
    [{ name: 'preActResnet', width: 0.001 }, sized(classification, 1, 1)],
    [
      { name: 'preActResnet', preset: 'resnet50V2Keras', width: 0.01, downsample: 'blur' },
      sized(classification, 17, 18),
    ],
    [{ name: 'cifarResnet', filters: 1, downsample: 'blur' }, sized(classification, 3, 3)],
    [{ name: 'cifarResnet', filters: 1, downsample: 'blur', stem: 'imagenet' }, sized(classification, 9, 9)],
    [{ name: 'unet', filters: 1, depth: 3 }, sized(segmentation, 8, 16)],
  ];
  for (const [choice, shape] of smallest) {
    test(`takes ${JSON.stringify(choice)} for ${shape.imageShape.join('×')}`, () => {
      const { model } = createNet(choice, shape, createRandom(1));
      for (const output of model.outputs)
        assert.ok(output.shape.slice(1).every((size) => size !== null && size > 0));
      model.dispose();
    });
  }

  test('a net with an auxiliary head says its weight, others none', () => {
    const build = (auxiliaryHead: boolean) => {
      const choice: NetChoice = { name: 'inceptionV3', stem: 'small', width: 0.01, auxiliaryHead };
      const { model, auxiliaryWeights } = createNet(choice, sized(classification, 9, 9), createRandom(1));
      model.dispose();
      return { outputs: model.outputs.length, auxiliaryWeights };
    };
    assert.deepEqual(build(true), { outputs: 2, auxiliaryWeights: [0.4] });
    assert.deepEqual(build(false), { outputs: 1, auxiliaryWeights: [] });
  });

  test('zeroInitResidual makes every block the identity at first, as far as its shortcut is', () => {
    const choice: NetChoice = { name: 'resnet', depth: 50, filters: 1, zeroInitResidual: true };
    const { model } = createNet(choice, sized(classification, 8, 8), createRandom(1));
    const zero = model.weights
      .filter(({ originalName }) => originalName.endsWith('/gamma'))
      .filter((gamma) =>
        gamma
          .read()
          .dataSync()
          .every((value) => value === 0),
      );
    const last = Array.from([3, 4, 6, 3], (blocks, stage) =>
      Array.from({ length: blocks }, (_, block) => `layer${stage + 1}.${block}.conv3.norm/gamma`),
    ).flat();
    assert.deepEqual(zero.map(({ originalName }) => originalName).sort(), last.sort());
    model.dispose();
  });
});
