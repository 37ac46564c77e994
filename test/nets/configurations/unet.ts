// The U-Net and its kin on images.

import type { Configuration, Row } from './row.ts';

export function choiceOf({ name, config }: Row): Configuration | undefined {
  const { base, levels, up, skip_kernel, deep_supervision } = config as {
    base: number;
    levels: number;
    up: string;
    skip_kernel: number;
    deep_supervision: boolean;
  };
  switch (name) {
    case 'unet_original':
      return { choice: { name: 'unet', preset: 'original', depth: levels, filters: base }, stageOf };
    case 'unet_same':
      return { choice: { name: 'unet', preset: 'padded', depth: levels, filters: base }, stageOf };
    case 'bn_unet': {
      const preset = up === 'bilinear' ? 'bilinear' : 'batchNorm';
      return { choice: { name: 'unet', preset, depth: levels, filters: base }, stageOf };
    }
    case 'attention_unet':
      return { choice: { name: 'unet', preset: 'attention', filters: base }, stageOf };
    case 'resunet':
      return { choice: { name: 'resUnet', shortcutSize: skip_kernel }, stageOf };
    case 'unetpp':
    case 'unetpp_bn': {
      const preset = name === 'unetpp' ? 'official' : 'batchNorm';
      return { choice: { name: 'unetPlusPlus', preset, deepSupervision: deep_supervision }, stageOf };
    }
    default:
      return undefined;
  }
}

/** What stands inside one of our stages is a layer. */
function stageOf(theirs: string): string {
  return theirs
    .replace(/^enc(\d)/, 'encoder$1')
    .replace(/^dec(\d)/, 'decoder$1')
    .replace(/^up(\d)/, 'decoder$1.up')
    .replace(/^concat(\d)/, 'decoder$1.concat')
    .replace(/^gate(\d)/, 'gate$1.sigmoid')
    .replace(/^bridge$/, 'bottleneck');
}
