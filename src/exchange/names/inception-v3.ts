import type { NameRule, NameTable } from '../names.ts';

const stem = ['1a_3x3', '2a_3x3', '2b_3x3', '3b_1x1', '4a_3x3'];
const mixed = ['5b', '5c', '5d', '6a', '6b', '6c', '6d', '6e', '7a', '7b', '7c'];

/** Towers of our modules; what fits here is followed by the number of the convolution, where there are several. */
function branch(module: number, tower: string, part: string): string {
  // Of the modules for 8 × 8 maps, whose towers fork.
  if (part === '1x3' || part === '3x1') {
    const step = tower === 'single' ? 2 : 3;
    return `${tower === 'single' ? 'branch3x3' : 'branch3x3dbl'}_${step}${part === '1x3' ? 'a' : 'b'}`;
  }
  if (tower === '1x1') return 'branch1x1';
  if (tower === 'pool') return 'branch_pool';
  if (tower === 'single') return module === 3 ? 'branch3x3' : `branch3x3_${part}`;
  if (tower === 'double') return `branch3x3dbl_${part}`;
  if (tower === '7x7twice') return `branch7x7dbl_${part}`;
  // Of the module that halves 17 × 17 maps.
  if (module === 8) return tower === '7x7' ? `branch7x7x3_${part}` : `branch3x3_${part}`;
  return tower === '3x3' ? `branch3x3dbl_${part}` : `branch${tower}_${part}`;
}

/** A convolution or its normalisation. */
const part = (normalisation: string | undefined) => (normalisation ? 'bn' : 'conv');

const rules: readonly NameRule[] = [
  [/^conv(\d)(\.norm)?$/, (_, i, norm) => `Conv2d_${stem[Number(i) - 1]}.${part(norm)}`],
  [
    /^mixed(\d+)\.(\w+)\.(\w+?)(\.norm)?$/,
    (_, i, tower, step, norm) =>
      `Mixed_${mixed[Number(i)]}.${branch(Number(i), tower!, step!)}.${part(norm)}`,
  ],
  [/^auxiliary\.conv(\d)(\.norm)?$/, (_, i, norm) => `AuxLogits.conv${Number(i) - 1}.${part(norm)}`],
  [/^auxiliary\.logits$/, 'AuxLogits.fc'],
  [/^logits$/, 'fc'],
];

/**
 * torchvision's Inception v3, and timm's, which has its names. Their pixels are in [−1, 1]: torchvision's `transform_input`
 * brings ImageNet's normalisation there.
 */
export const inceptionV3: NameTable = {
  first: 'conv1',
  heads: ['logits', 'auxiliary.logits'],
  pixels: 'centred',
  // The reductions, mixed3 and mixed8, have no tower of 1 × 1.
  published: {
    pattern: /^(mixed\d+)\.1x1\.1$/,
    modules: [0, 1, 2, 4, 5, 6, 7, 9, 10].map((i) => `mixed${i}`),
  },
  dialects: { torchvision: rules, timm: rules },
};
