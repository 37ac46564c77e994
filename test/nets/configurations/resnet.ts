// ResNet, its variants, ResNet v2, and the residual nets for CIFAR: by their presets.

import type { NetChoice } from '../../../src/nets/create.ts';
import type { Configuration, Row } from './row.ts';

export function choiceOf({ name, family, config }: Row): Configuration | undefined {
  if (family !== 'resnet') return undefined;
  // The nets for CIFAR have one name for all their shortcuts.
  const choice = choices[config.option === undefined ? name : `${name}${config.option}`];
  return choice && { choice, stageOf };
}

const choices: Readonly<Record<string, NetChoice>> = {
  resnet18: { name: 'resnet', preset: 'resnet18' },
  resnet18_cifar_stem: { name: 'resnet', preset: 'resnet18', stem: 'small' },
  resnet34: { name: 'resnet', preset: 'resnet34' },
  resnet50: { name: 'resnet', preset: 'resnet50' },
  resnet101: { name: 'resnet', preset: 'resnet101' },
  resnet152: { name: 'resnet', preset: 'resnet152' },
  resnet50_keras: { name: 'resnet', preset: 'resnet50Keras' },
  resnet101_keras: { name: 'resnet', preset: 'resnet101Keras' },
  resnet152_keras: { name: 'resnet', preset: 'resnet152Keras' },
  resnext50_32x4d: { name: 'resnet', preset: 'resnext50' },
  se_resnet18: { name: 'resnet', preset: 'seResnet18' },
  se_resnet50: { name: 'resnet', preset: 'seResnet50' },
  cbam_resnet18: { name: 'resnet', preset: 'cbamResnet18' },
  cbam_resnet50: { name: 'resnet', preset: 'cbamResnet50' },
  preact_resnet50: { name: 'preActResnet', preset: 'preActResnet50' },
  preact_resnet101: { name: 'preActResnet', preset: 'preActResnet101' },
  resnet50v2_keras: { name: 'preActResnet', preset: 'resnet50V2Keras' },
  resnet101v2_keras: { name: 'preActResnet', preset: 'resnet101V2Keras' },
  cifar_resnet20A: { name: 'cifarResnet', preset: 'cifarResnet20' },
  cifar_resnet20B: { name: 'cifarResnet', preset: 'cifarResnet20B' },
  cifar_resnet20keras: { name: 'cifarResnet', preset: 'cifarResnet20Keras' },
  cifar_resnet56A: { name: 'cifarResnet', preset: 'cifarResnet56' },
  cifar_resnet56B: { name: 'cifarResnet', preset: 'cifarResnet56B' },
  cifar_resnet56keras: { name: 'cifarResnet', preset: 'cifarResnet56Keras' },
};

/** `conv3_block4_out` of keras.applications is the end of our second stage. */
function stageOf(theirs: string): string | undefined {
  const block = /^conv(\d)_block/.exec(theirs);
  if (block) return `layer${Number(block[1]) - 1}`;
  return { conv1_relu: 'conv1', conv1_conv: 'conv1', pool1_pool: 'maxpool', post_relu: 'post' }[theirs];
}
