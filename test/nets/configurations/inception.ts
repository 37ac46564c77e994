import type { NetChoice } from '../../../src/nets/create.ts';
import type { Configuration, Row } from './row.ts';

const names: Readonly<Record<string, (config: Row['config']) => NetChoice>> = {
  googlenet({ style, aux }) {
    const presets: Readonly<Record<string, 'tfSlim' | 'torchvision'>> = {
      slim_bn: 'tfSlim',
      torchvision: 'torchvision',
    };
    const preset = presets[style as string];
    return { name: 'googlenet', auxiliaryHead: aux === true, ...(preset && { preset }) };
  },
  inception_v3({ aux, bn_scale, stem }) {
    return {
      name: 'inceptionV3',
      auxiliaryHead: aux === true,
      stem: stem === 'cifar' ? 'small' : 'imagenet',
      ...(bn_scale === true && { preset: 'torchvision' }),
    };
  },
  inception_v4({ aux, bn_scale }) {
    return { name: 'inceptionV4', auxiliaryHead: aux === true, ...(bn_scale === true && { preset: 'timm' }) };
  },
  inception_resnet_v2: () => ({ name: 'inceptionResnetV2' }),
};

/** Our stages that are named otherwise, by theirs. */
const stages: Readonly<Record<string, string>> = {
  max_pooling2d: 'pool1',
  max_pooling2d_1: 'pool2',
  block35_10_ac: 'block35.10.relu',
  block17_20_ac: 'block17.20.relu',
  conv_7b_ac: 'conv6',
  inception_a_x4: 'inceptionA',
  reduction_a: 'reductionA',
  inception_b_x7: 'inceptionB',
  reduction_b: 'reductionB',
  inception_c_x3: 'inceptionC',
  // GoogLeNet's: the second convolution of the paper is a 1 × 1 and a 3 × 3.
  conv2_1x1: 'conv2',
};

function stageOf(row: Row, theirs: string): string {
  if (row.name === 'googlenet' && theirs === 'conv2_3x3') return 'conv3';
  return (
    stages[theirs] ?? theirs.replace(/^(stem_)?(conv\d)(_.*)?$/, '$2').replace(/^(mixed|inception)_/, '$1')
  );
}

export function choiceOf(row: Row): Configuration | undefined {
  const choice = names[row.name]?.(row.config);
  return choice && { choice, stageOf: (theirs) => stageOf(row, theirs) };
}
