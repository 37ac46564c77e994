// No net falls out of the native engine unnoticed: what runs in JavaScript is named here, with the reason.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { NetName } from '../../../src/nets/create.ts';
import type { NetShape } from '../../../src/nets/net.ts';
import * as registry from '../../../src/nets/registry.ts';
import type { Experiment } from '../../../src/train/experiment.ts';
import { profileExperiment } from '../../../src/train/profile.ts';
import { classification, segmentation } from '../../train/support.ts';
import { describeNative } from './support.ts';

/** Kernels that may run in JavaScript in a step of training, attack or evaluation. */
const inJavaScript: Readonly<Record<string, string>> = {
  ExpandDims: 'gives the same memory again',
  Identity: 'gives the same memory again',
  Reshape: 'gives the same memory again',
};

const tasks: Readonly<Record<string, { readonly task: NetShape['task'] }>> = registry;

/** A new net of the registry fails to compile until it has a line here. */
const experiments: Readonly<Record<NetName, readonly Partial<Experiment>[]>> = {
  denseUnet: [{ net: { name: 'denseUnet', width: 0.05, stageDepths: [1, 2] } }],
  densenet: [
    { net: { name: 'densenet', width: 0.1, stageDepths: [1, 2], dropout: 0.2 } },
    {
      net: { name: 'densenet', preset: 'densenetBc100', stageDepths: [2, 1], growth: 4, downsample: 'blur' },
    },
  ],
  resnet: [
    { net: { name: 'resnet', depth: 18, filters: 4 } },
    { net: { name: 'resnet', depth: 34, filters: 2, stem: 'small' }, optimizer: { name: 'sgd' } },
    {
      net: { name: 'resnet', depth: 50, filters: 2, zeroInitResidual: true },
      optimizer: { name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 1e-4 },
      robustness: { ...classification.robustness, norm: 'l2', epsilons: [0, 1] },
    },
    { net: { name: 'resnet', preset: 'resnext50', groups: 2, width: 0.25, stageDepths: [1, 1, 1, 1] } },
    { net: { name: 'resnet', preset: 'cbamResnet18', filters: 2, stem: 'small', downsample: 'blur' } },
  ],
  preActResnet: [
    { net: { name: 'preActResnet', filters: 2, stageDepths: [1, 1, 1, 1], seRatio: 0.25 } },
    { net: { name: 'preActResnet', preset: 'resnet50V2Keras', filters: 2, stageDepths: [2, 1, 1, 1] } },
  ],
  cifarResnet: [
    { net: { name: 'cifarResnet', filters: 2 } },
    { net: { name: 'cifarResnet', preset: 'cifarResnet20Keras', filters: 2, downsample: 'blur' } },
  ],
  googlenet: [
    { net: { name: 'googlenet', stem: 'small', width: 0.01, stageDepths: [1, 3, 1], auxiliaryHead: true } },
    { net: { name: 'googlenet', preset: 'torchvision', width: 0.01, stageDepths: [1, 1, 1] } },
  ],
  inceptionResnetV2: [
    { net: { name: 'inceptionResnetV2', stem: 'small', width: 0.01, stageDepths: [1, 1, 1], seRatio: 0.25 } },
  ],
  fcDensenet: [
    { net: { name: 'fcDensenet', stageDepths: [1, 2], growth: 3, seRatio: 1, downsample: 'blur' } },
  ],
  inceptionV3: [
    { net: { name: 'inceptionV3', stem: 'small', width: 0.01, auxiliaryHead: true } },
    { net: { name: 'inceptionV3', stem: 'small', width: 0.01, normScale: true }, loss: 'margin' },
    { net: { name: 'inceptionV3', stem: 'small', width: 0.01, countPadding: true, downsample: 'blur' } },
  ],
  inceptionV4: [
    { net: { name: 'inceptionV4', stem: 'small', width: 0.01, stageDepths: [1, 1, 1], auxiliaryHead: true } },
  ],
  mobilenetV1: [
    { net: { name: 'mobilenetV1', width: 0.1 } },
    { net: { name: 'mobilenetV1', width: 0.1, stem: 'small', downsample: 'blur', seRatio: 0.25 } },
  ],
  mobilenetV2: [{ net: { name: 'mobilenetV2', width: 0.1, padding: 'symmetric' } }],
  segnet: [{ net: { name: 'segnet', stageDepths: [2, 2], width: 0.1, padInput: true } }],
  unet: [
    { net: { name: 'unet', depth: 2, filters: 2 } },
    { net: { name: 'unet', depth: 1, filters: 2, norm: 'none' }, loss: 'crossEntropy' },
    {
      net: { name: 'unet', depth: 1, filters: 2 },
      data: { dataset: { name: 'brainPhantoms', count: 12, size: 32 }, batchSize: 2 },
    },
    { net: { name: 'unet', preset: 'original', depth: 1, filters: 2, padInput: true } },
    { net: { name: 'unet', preset: 'attention', depth: 1, filters: 2, norm: 'instance' } },
    {
      net: {
        name: 'unet',
        preset: 'bilinear',
        depth: 2,
        filters: 2,
        downsample: 'blur',
        deepSupervision: true,
      },
    },
  ],
  resUnet: [{ net: { name: 'resUnet', depth: 2, filters: 2, skips: ['add'], seRatio: 0.5 } }],
  unetPlusPlus: [
    { net: { name: 'unetPlusPlus', depth: 2, filters: 2 } },
    { net: { name: 'unetPlusPlus', preset: 'batchNorm', depth: 2, filters: 2, deepSupervision: true } },
  ],
  // Experiments have images.
  unet3d: [],
};

describeNative('in training, attacking and measuring', () => {
  for (const [name, variants] of Object.entries(experiments)) {
    for (const variant of variants) {
      it(`${JSON.stringify(variant)}, no kernel runs in JavaScript unless it has a reason`, async () => {
        const base: Experiment = tasks[name]!.task === 'segmentation' ? segmentation : classification;
        const { kernels } = await profileExperiment(
          { ...base, ...variant },
          { engine: 'onednn', threads: 2 },
        );
        const others = kernels.filter(({ where }) => where === 'javascript').map(({ kernel }) => kernel);
        assert.deepEqual(
          others.filter((kernel) => !Object.hasOwn(inJavaScript, kernel)),
          [],
        );
        assert.ok(
          kernels.some(({ kernel, where }) => kernel === 'Conv2DBackpropInput' && where === 'native'),
        );
      });
    }
  }
});
