// Rows of nets whose family has no file of its own yet; asked last, since files are asked in the order of their names.

import type { Configuration, Row } from './row.ts';

const resnets: readonly string[] = ['resnet18', 'resnet34', 'resnet50', 'resnet18_cifar_stem'];
const unets: readonly string[] = ['bn_unet', 'unet_same'];

export function choiceOf({ name, config }: Row): Configuration | undefined {
  const stem = config.stem === 'cifar' ? 'small' : 'imagenet';
  if (resnets.includes(name)) {
    const depth = config.depth as number;
    return { choice: { name: 'resnet', depth, stem }, stageOf: (theirs) => theirs.replace(/_.*/, '') };
  }
  if (name === 'inception_v3') {
    const { aux, bn_scale } = config as { aux: boolean; bn_scale: boolean };
    return {
      choice: { name: 'inceptionV3', stem, auxiliaryHead: aux, normScale: bn_scale },
      stageOf: (theirs) => theirs.replace(/^(conv\d)_.*/, '$1'),
    };
  }
  if (unets.includes(name) && config.up !== 'bilinear') {
    const { levels, base, use_bn } = config as { levels: number; base: number; use_bn: boolean };
    return {
      choice: { name: 'unet', depth: levels, filters: base, norm: use_bn ? 'batch' : 'none' },
      stageOf: unetStage,
    };
  }
  return undefined;
}

/** What stands inside one of our stages is a layer. */
function unetStage(theirs: string): string {
  return theirs
    .replace(/^enc(\d)/, 'encoder$1')
    .replace(/^dec(\d)/, 'decoder$1')
    .replace(/^up(\d)/, 'decoder$1.up')
    .replace(/^concat(\d)/, 'decoder$1.concat');
}
