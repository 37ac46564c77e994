import type { NameRule, NameTable } from '../names.ts';

/** Blocks before each stage: the published depths are 1, 2, 3, 4, 3, 3 and 1. */
const before = [0, 1, 3, 6, 10, 13, 16];

/** The parts of a block in order; the first stage expands nothing. */
function place(stage: string, part: string): number {
  return ['expand', 'depthwise', 'project'].indexOf(part) - (stage === '1' ? 1 : 0);
}

const torchvision: readonly NameRule[] = [
  [/^conv1(\.norm)?$/, (_, norm) => `features.0.${norm ? 1 : 0}`],
  [
    /^stage(\d)\.(\d)\.project(\.norm)?$/,
    (_, stage, index, norm) => {
      const i = place(stage!, 'project');
      return `features.${before[Number(stage) - 1]! + Number(index)}.conv.${norm ? i + 1 : i}`;
    },
  ],
  [
    /^stage(\d)\.(\d)\.(expand|depthwise)(\.norm)?$/,
    (_, stage, index, part, norm) =>
      `features.${before[Number(stage) - 1]! + Number(index)}.conv.${place(stage!, part!)}.${norm ? 1 : 0}`,
  ],
  [/^head(\.norm)?$/, (_, norm) => `features.18.${norm ? 1 : 0}`],
  [/^logits$/, 'classifier.1'],
];

const timm: readonly NameRule[] = [
  [/^conv1$/, 'conv_stem'],
  [/^conv1\.norm$/, 'bn1'],
  [
    /^stage(\d)\.(\d)\.(expand|depthwise|project)(\.norm)?$/,
    (_, stage, index, part, norm) => {
      const block = `blocks.${Number(stage) - 1}.${Number(index) - 1}`;
      if (norm) return `${block}.bn${place(stage!, part!) + 1}`;
      if (part === 'depthwise') return `${block}.conv_dw`;
      return `${block}.${part === 'project' && stage !== '1' ? 'conv_pwl' : 'conv_pw'}`;
    },
  ],
  [/^head$/, 'conv_head'],
  [/^head\.norm$/, 'bn2'],
  [/^logits$/, 'classifier'],
];

/** With padding 'symmetric' and an epsilon of 1e-5, the net is the one that both have. */
export const mobilenetV2: NameTable = {
  first: 'conv1',
  heads: ['logits'],
  pixels: 'imagenet',
  dialects: { torchvision, timm },
};
