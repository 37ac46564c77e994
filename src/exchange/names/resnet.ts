import type { NameRule, NameTable } from '../names.ts';

/** Both call their layers the same. */
const rules: readonly NameRule[] = [
  [/^(.*)conv(\d)\.norm$/, '$1bn$2'],
  [/^(.*)\.shortcut\.norm$/, '$1.downsample.1'],
  [/^(.*)\.shortcut$/, '$1.downsample.0'],
  [/^(.*)\.attention\.reduce$/, '$1.se.fc1'],
  [/^(.*)\.attention\.expand$/, '$1.se.fc2'],
  [/^(conv1|layer.*\.conv\d|fc)$/, '$1'],
];

/** torchvision's ResNet and ResNeXt of He's v1.5, and timm's, with its SE nets. */
export const resnet: NameTable = {
  first: 'conv1',
  heads: ['fc'],
  pixels: 'imagenet',
  asConvolutions: /\.attention\.(reduce|expand)$/,
  dialects: { torchvision: rules, timm: rules },
};
