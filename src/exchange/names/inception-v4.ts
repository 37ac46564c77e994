import type { NameRule, NameTable } from '../names.ts';

/** Places of our modules in timm's sequence: `inceptionA.1` is `features.6`. */
const places: Readonly<Record<string, number>> = {
  mixed3a: 3,
  mixed4a: 4,
  mixed5a: 5,
  inceptionA: 5,
  reductionA: 10,
  inceptionB: 10,
  reductionB: 18,
  inceptionC: 18,
};

/** Towers in timm's order; those of `branch` that have several convolutions number them. */
const branches: Readonly<Record<string, readonly string[]>> = {
  mixed4a: ['3x3', '7x7'],
  inceptionA: ['1x1', 'single', 'double', 'pool'],
  reductionA: ['single', 'double'],
  inceptionB: ['1x1', '7x7', '7x7twice', 'pool'],
  reductionB: ['3x3', '7x7'],
  inceptionC: ['1x1', 'single', 'double', 'pool'],
};

function branch(module: string, tower: string, step: string): string {
  const name = `branch${branches[module]!.indexOf(tower)}`;
  if (tower === '1x1' || (module === 'reductionA' && tower === 'single')) return name;
  // Behind the pool, which is number 0.
  if (tower === 'pool') return `${name}.1`;
  if (module !== 'inceptionC') return `${name}.${Number(step) - 1}`;
  // The fork follows the one convolution of a tower, or the three of the other.
  const arms: Readonly<Record<string, string>> = { '1x3': 'a', '3x1': 'b' };
  return arms[step] ? `${name}_${tower === 'single' ? 1 : 3}${arms[step]}` : `${name}_${Number(step) - 1}`;
}

/** A convolution or its normalisation. */
const part = (normalisation: string | undefined) => (normalisation ? 'bn' : 'conv');

const rules: readonly NameRule[] = [
  [/^conv(\d)(\.norm)?$/, (_, i, norm) => `features.${Number(i) - 1}.${part(norm)}`],
  [/^(mixed[35]a)\.conv(\.norm)?$/, (_, module, norm) => `features.${places[module!]}.conv.${part(norm)}`],
  [
    /^([a-zA-Z]+|mixed4a)(?:\.(\d+))?\.([a-z]+|\dx\d|7x7twice)\.(\d|\dx\d)(\.norm)?$/,
    (_, module, index, tower, step, norm) =>
      `features.${places[module!]! + Number(index ?? 0)}.${branch(module!, tower!, step!)}.${part(norm)}`,
  ],
  [/^logits$/, 'last_linear'],
];

/** timm's Inception v4, which has no auxiliary head. */
export const inceptionV4: NameTable = {
  first: 'conv1',
  heads: ['logits'],
  pixels: 'centred',
  dialects: { timm: rules },
};
