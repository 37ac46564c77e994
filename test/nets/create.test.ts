import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../../src/errors.ts';
import { createNet, type NetChoice } from '../../src/nets/create.ts';
import type { NetShape } from '../../src/nets/net.ts';
import { createRandom } from '../../src/random.ts';

const classification = { task: 'classification', imageShape: [64, 64, 3], classes: 2 } as const;
const volumes = { task: 'segmentation', depth: 16, imageShape: [16, 16, 1], classes: 2 } as const;
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
  [
    { name: 'densenet' },
    sized(classification, 28, 64),
    /densenet: expected images of at least 29 × 29, received 28 × 64\. .*stem: 'small'/,
  ],
  [{ name: 'densenet', stem: 'small' }, sized(classification, 7, 7), /at least 8 × 8, received 7 × 7/],
  [{ name: 'densenet', compression: 0 }, classification, /"compression" of densenet: expected a number in/],
  [{ name: 'densenet', stageDepths: [2, 0] }, classification, /"stageDepths" of densenet: expected positive/],
  [
    { name: 'densenet', stageDepths: [2, 2], stageWidths: [4] },
    classification,
    /"stageWidths" of densenet: expected 2 positive integers/,
  ],
  [
    { name: 'denseUnet' },
    sized(segmentation, 64, 48),
    /denseUnet: .* multiples of 32, received 64 × 48.*padInput/,
  ],
  [
    { name: 'denseUnet', stem: 'small', stageDepths: [1, 1] },
    sized(segmentation, 63, 64),
    /multiples of 2, received 63 × 64/,
  ],
  [{ name: 'denseUnet', dropout: 1 }, segmentation, /"dropout" of denseUnet: expected a number in/],
  [{ name: 'fcDensenet' }, sized(segmentation, 48, 64), /fcDensenet: .* multiples of 32, received 48 × 64/],
  [
    { name: 'fcDensenet', stageDepths: [4] },
    segmentation,
    /"stageDepths" of fcDensenet: expected at least 2/,
  ],
  [{ name: 'fcDensenet', stageDepths: [] }, sized(segmentation, 63, 64), /multiples of 32/],
  [{ name: 'segnet', stageWidths: [4, 8] }, segmentation, /"stageWidths" of segnet: expected 5 positive/],
  [
    { name: 'unet3d' },
    segmentation,
    /unet3d is a net for segmentation of volumes, the data are for segmentation\. Choose .*unet/,
  ],
  [
    { name: 'unet' },
    volumes,
    /unet is a net for segmentation, the data are for segmentation of volumes\. Choose unet3d\./,
  ],
  [
    { name: 'resnet' },
    { ...volumes, task: 'classification' },
    /the data are for classification of volumes\. No net is for that\./,
  ],
  [{ name: 'unet3d' }, { ...volumes, depth: 0 }, /unet3d: expected volumes of a positive number of slices/],
  [
    { name: 'unet3d' },
    { ...volumes, depth: 12 },
    /unet3d: .* multiples of 8, received 12 × 16 × 16.*padInput: true/,
  ],
  [
    { name: 'unet3d', preset: 'original' },
    { ...volumes, depth: 92, imageShape: [92, 96, 1] },
    /unet3d: .* are 92, or more by multiples of 8, received 92 × 92 × 96/,
  ],
  [{ name: 'unet3d', padding: 'reflect' }, volumes, /"padding" of unet3d: expected same or valid/],
  [{ name: 'unet3d', stageDepths: [2, 2] }, volumes, /"stageDepths" of unet3d: expected 4 positive integers/],
  [{ name: 'mobilenetV1', width: 0 }, classification, /"width" of mobilenetV1: expected a positive number/],
  [{ name: 'mobilenetV2', dropout: 1 }, classification, /"dropout" of mobilenetV2: expected a number in/],
  [{ name: 'mobilenetV2', padding: 'valid' }, classification, /"padding" of mobilenetV2: expected same or/],
  [
    { name: 'mobilenetV1', stageDepths: [1, 2] },
    classification,
    /"stageDepths" of mobilenetV1: expected 5 positive integers.*received \[1,2\]/,
  ],
  [
    { name: 'mobilenetV2', downsample: 'blur' },
    sized(classification, 64, 16),
    /mobilenetV2: expected images of at least 17 × 17, received 64 × 16.*'stride'/,
  ],
  [{ name: 'unet' }, sized(segmentation, 64, 72), /multiples of 16, received 64 × 72/],
  [{ name: 'unet', depth: 3 }, sized(segmentation, 68, 64), /multiples of 8, received 68 × 64/],
  [{ name: 'unet', depth: 0 }, segmentation, /"depth" of unet: expected a positive integer/],
  [{ name: 'unet', norm: 'groups' }, segmentation, /"norm" of unet: expected batch, .* or none/],
  [{ name: 'unet', upSampling: 'cubic' }, segmentation, /"upSampling" of unet: expected transpose, nearest/],
  [{ name: 'unet', downsample: 'average' }, segmentation, /"downsample" of unet: expected maxPool, stride/],
  [{ name: 'unet', padding: 'reflect' }, segmentation, /"padding" of unet: expected same or valid/],
  [{ name: 'unet', skips: ['concat', 'sum'] }, segmentation, /"skips" of unet: .*all 4 levels.*"sum"/],
  [{ name: 'unet', skips: ['add', 'add'] }, segmentation, /"skips" of unet: .*one for each, of concat, add/],
  [{ name: 'unet', stageWidths: [4, 8] }, segmentation, /"stageWidths" of unet: expected none or 5 positive/],
  [{ name: 'unet', stageDepths: [1, 1, 1, 1, 0] }, segmentation, /"stageDepths" of unet: expected none or 5/],
  [{ name: 'unet', dropout: 1 }, segmentation, /"dropout" of unet: expected a number in \[0, 1\)/],
  [
    { name: 'unet', depth: 1, deepSupervision: true },
    segmentation,
    /"deepSupervision" of unet: expected false/,
  ],
  [
    { name: 'unet', deepSupervision: true, supervisionWeights: [1] },
    segmentation,
    /"supervisionWeights" of unet: expected none or 3 numbers/,
  ],
  [
    { name: 'unet', preset: 'original' },
    sized(segmentation, 570, 572),
    /padding 'valid': .*188, or more by multiples of 16, received 570 × 572.*padInput: true/,
  ],
  [{ name: 'resUnet' }, sized(segmentation, 64, 60), /multiples of 8, received 64 × 60.*padInput: true/],
  [{ name: 'resUnet', shortcutSize: 2 }, segmentation, /"shortcutSize" of resUnet: expected 1 or 3/],
  [{ name: 'unetPlusPlus', depth: 5 }, sized(segmentation, 48, 64), /multiples of 32, received 48 × 64/],
  [
    { name: 'vgg' } as unknown as NetChoice,
    classification,
    /There is no net "vgg"\. Choose one of: .*resnet.*unet/,
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
    [{ name: 'densenet', width: 0.01 }, sized(classification, 29, 29)],
    [{ name: 'densenet', width: 0.01, downsample: 'blur' }, sized(classification, 29, 29)],
    [{ name: 'densenet', width: 0.01, stem: 'small' }, sized(classification, 8, 8)],
    [{ name: 'densenet', width: 0.01, downsample: 'blur', stageDepths: [1] }, sized(classification, 3, 3)],
    [{ name: 'denseUnet', width: 0.02, padInput: true }, sized(segmentation, 1, 33)],
    [{ name: 'fcDensenet', width: 0.1, padInput: true }, sized(segmentation, 1, 33)],
    [{ name: 'segnet', width: 0.02 }, sized(segmentation, 1, 1)],
    [
      { name: 'unet3d', filters: 1 },
      { ...volumes, depth: 8, imageShape: [8, 16, 1] },
    ],
    [
      { name: 'unet3d', filters: 1, preset: 'original' },
      { ...volumes, depth: 92, imageShape: [92, 100, 1] },
    ],
    [
      { name: 'unet3d', filters: 1, preset: 'original', padInput: true },
      { ...volumes, depth: 1, imageShape: [1, 5, 1] },
    ],
    [{ name: 'mobilenetV1', width: 0.01 }, sized(classification, 1, 1)],
    [{ name: 'mobilenetV2', width: 0.01, downsample: 'blur' }, sized(classification, 17, 17)],
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
    [{ name: 'unet', filters: 1, depth: 3, downsample: 'blur', padInput: true }, sized(segmentation, 1, 1)],
    [{ name: 'unet', preset: 'original', filters: 1 }, sized(segmentation, 188, 204)],
    [{ name: 'unet', preset: 'original', filters: 1, padInput: true }, sized(segmentation, 1, 9)],
    [{ name: 'resUnet', filters: 1, padInput: true }, sized(segmentation, 1, 1)],
    [{ name: 'unetPlusPlus', filters: 1, depth: 3 }, sized(segmentation, 8, 8)],
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
