import type { NameRule, NameTable } from '../names.ts';

const rules: readonly NameRule[] = [
  [/^conv1$/, 'features.conv0'],
  [/^conv1\.norm$/, 'features.norm0'],
  [/^dense(\d+)\.(\d+)\.conv([12])$/, 'features.denseblock$1.denselayer$2.conv$3'],
  [/^dense(\d+)\.(\d+)\.conv([12])\.norm$/, 'features.denseblock$1.denselayer$2.norm$3'],
  [/^transition(\d+)\.conv$/, 'features.transition$1.conv'],
  [/^transition(\d+)\.conv\.norm$/, 'features.transition$1.norm'],
  [/^final\.norm$/, 'features.norm5'],
  [/^logits$/, 'classifier'],
];

/** The files that torchvision published in 2017 have `norm.1` for `norm1`. */
const old: readonly NameRule[] = rules.map(([pattern, replacement]) => [
  pattern,
  (replacement as string).replace(/(denselayer\$2\.(?:conv|norm))/, '$1.'),
]);

/** torchvision's and timm's DenseNets, which have the same names. */
export const densenet: NameTable = {
  first: 'conv1',
  heads: ['logits'],
  pixels: 'imagenet',
  dialects: { torchvision: rules, timm: rules, torchvision2017: old },
};
