// What the Inception nets are made of, and the modules of Inception v3: Szegedy et al. 2015, Rethinking the
// inception architecture for computer vision, arXiv:1512.00567. A module runs several towers of convolutions
// side by side and stacks what they give.

import type * as tf from '@tensorflow/tfjs';
import { squeezeExcite } from './attention.ts';
import { type ConvSettings, convNormRelu, dense, type Style } from './blocks.ts';
import { glorotUniform } from './initialisers.ts';
import { reducedBy } from './stages.ts';
import { averagePool, blurPool, concatenate, globalAveragePool, maxPool, zeroPad } from './weightless.ts';

type X = tf.SymbolicTensor;
type Step = Omit<ConvSettings, 'name'>;

/** A number of channels, multiplied by the width of a net. */
export type Scale = (channels: number) => number;

/** What the layers of one Inception net have in common. */
export interface InceptionStyle extends Style {
  /** 'stride': layers with a stride halve maps by it; 'blur': they have none, and a `blurPool` behind. Default: stride. */
  readonly downsample?: 'stride' | 'blur';
  /** Whether average pools of modules count the padding as zeros, or not at all. Default: not at all. */
  readonly countPadding?: boolean;
  /** Units of squeeze-and-excitation for each channel. Default: 0, without. */
  readonly seRatio?: number;
}

/** Convolution, normalisation, activation; a stride of 2 as `style.downsample` says. */
export function convolve(style: InceptionStyle, x: X, settings: ConvSettings): X {
  if (style.downsample !== 'blur' || (settings.stride ?? 1) === 1) return convNormRelu(style, x, settings);
  return blurPool(convNormRelu(style, x, { ...settings, stride: 1 }), `${settings.name}.blur`);
}

/** A max pool with a stride of 2, as `style.downsample` says. */
export function halve(
  style: InceptionStyle,
  x: X,
  name: string,
  { size = 3, padding = 'valid' }: { size?: number; padding?: 'same' | 'valid' } = {},
): X {
  if (style.downsample !== 'blur') return maxPool(x, { name, size, stride: 2, padding });
  return blurPool(maxPool(x, { name, size, stride: 1, padding }), `${name}.blur`);
}

/** Squeeze-and-excitation where `style` has it. */
export function excite(style: InceptionStyle, x: X, name: string): X {
  if (!style.seRatio) return x;
  return squeezeExcite(style, x, `${name}.se`, reducedBy(style.seRatio, x.shape[3] as number));
}

/** Convolutions in a row, named `<name>.1`, `<name>.2`, … */
export function tower(style: InceptionStyle, input: X, name: string, steps: readonly Step[]): X {
  return steps.reduce((x, step, i) => convolve(style, x, { ...step, name: `${name}.${i + 1}` }), input);
}

/** An average over 3 × 3 pixels, and a 1 × 1 convolution. */
export function poolTower(style: InceptionStyle, x: X, name: string, filters: number): X {
  const settings = { name: `${name}.average`, size: 3, stride: 1 };
  const pooled = style.countPadding
    ? averagePool(zeroPad(x, [1, 1], `${name}.pad`), settings)
    : averagePool(x, { ...settings, padding: 'same' });
  return tower(style, pooled, name, [{ filters, size: 1 }]);
}

/**
 * The first layers of Inception v3 and Inception-ResNet-v2, `conv1` to `pool2`: 299 × 299 to 35 × 35; 'small' has the
 * same convolutions without stride or pools, and keeps the size.
 */
export function inceptionStem(style: InceptionStyle, images: X, stem: string, scale: Scale): X {
  const shrinks = stem === 'imagenet';
  const padding = shrinks ? 'valid' : 'same';
  const pool = (x: X, name: string) => (shrinks ? halve(style, x, name) : x);
  const stride = shrinks ? 2 : 1;
  let x = convolve(style, images, { name: 'conv1', filters: scale(32), size: 3, stride, padding });
  x = convolve(style, x, { name: 'conv2', filters: scale(32), size: 3, padding });
  x = pool(convolve(style, x, { name: 'conv3', filters: scale(64), size: 3 }), 'pool1');
  x = convolve(style, x, { name: 'conv4', filters: scale(80), size: 1 });
  return pool(convolve(style, x, { name: 'conv5', filters: scale(192), size: 3, padding }), 'pool2');
}

/** Channels of each tower, first convolution first. */
export interface ModuleAWidths {
  readonly one: number;
  readonly five: readonly [number, number];
  /** The second and the third convolution are equally wide. */
  readonly three: readonly [number, number];
  readonly pool: number;
}

/** Module for 35 × 35 maps, figure 5 of the paper with its 5 × 5 tower kept, as in the published nets. */
export function moduleA(
  style: InceptionStyle,
  x: X,
  name: string,
  { one, five, three, pool }: ModuleAWidths,
): X {
  const towers = [
    tower(style, x, `${name}.1x1`, [{ filters: one, size: 1 }]),
    tower(style, x, `${name}.5x5`, [
      { filters: five[0], size: 1 },
      { filters: five[1], size: 5 },
    ]),
    tower(style, x, `${name}.3x3`, [
      { filters: three[0], size: 1 },
      { filters: three[1], size: 3 },
      { filters: three[1], size: 3 },
    ]),
    poolTower(style, x, `${name}.pool`, pool),
  ];
  return concatenate(towers, `${name}.concat`);
}

export interface ReductionAWidths {
  readonly single: number;
  readonly double: readonly [number, number, number];
}

/** Halves 35 × 35 maps to 17 × 17. */
export function reductionA(
  style: InceptionStyle,
  x: X,
  name: string,
  { single, double }: ReductionAWidths,
): X {
  const towers = [
    tower(style, x, `${name}.single`, [{ filters: single, size: 3, stride: 2, padding: 'valid' }]),
    tower(style, x, `${name}.double`, [
      { filters: double[0], size: 1 },
      { filters: double[1], size: 3 },
      { filters: double[2], size: 3, stride: 2, padding: 'valid' },
    ]),
    halve(style, x, `${name}.pool`),
  ];
  return concatenate(towers, `${name}.concat`);
}

export interface ModuleBWidths {
  readonly one: number;
  /** Of all convolutions of the two 7 × 7 towers but the last, and of the last. */
  readonly seven: readonly [number, number];
  readonly pool: number;
}

/** Module for 17 × 17 maps: 7 × 7 convolutions taken apart into 1 × 7 and 7 × 1, figure 6. */
export function moduleB(style: InceptionStyle, x: X, name: string, { one, seven, pool }: ModuleBWidths): X {
  const [inner, last] = seven;
  const towers = [
    tower(style, x, `${name}.1x1`, [{ filters: one, size: 1 }]),
    tower(style, x, `${name}.7x7`, [
      { filters: inner, size: 1 },
      { filters: inner, size: [1, 7] },
      { filters: last, size: [7, 1] },
    ]),
    tower(style, x, `${name}.7x7twice`, [
      { filters: inner, size: 1 },
      { filters: inner, size: [7, 1] },
      { filters: inner, size: [1, 7] },
      { filters: inner, size: [7, 1] },
      { filters: last, size: [1, 7] },
    ]),
    poolTower(style, x, `${name}.pool`, pool),
  ];
  return concatenate(towers, `${name}.concat`);
}

export interface ReductionBWidths {
  readonly three: readonly [number, number];
  readonly seven: readonly [number, number];
}

/** Halves 17 × 17 maps to 8 × 8. */
export function reductionB(style: InceptionStyle, x: X, name: string, { three, seven }: ReductionBWidths): X {
  const towers = [
    tower(style, x, `${name}.3x3`, [
      { filters: three[0], size: 1 },
      { filters: three[1], size: 3, stride: 2, padding: 'valid' },
    ]),
    tower(style, x, `${name}.7x7`, [
      { filters: seven[0], size: 1 },
      { filters: seven[0], size: [1, 7] },
      { filters: seven[0], size: [7, 1] },
      { filters: seven[1], size: 3, stride: 2, padding: 'valid' },
    ]),
    halve(style, x, `${name}.pool`),
  ];
  return concatenate(towers, `${name}.concat`);
}

/** The two arms in which towers for 8 × 8 maps end. */
export function fork(style: InceptionStyle, trunk: X, name: string, filters: number): X[] {
  return [
    convNormRelu(style, trunk, { name: `${name}.1x3`, filters, size: [1, 3] }),
    convNormRelu(style, trunk, { name: `${name}.3x1`, filters, size: [3, 1] }),
  ];
}

export interface ModuleCWidths {
  readonly one: number;
  /** Of the convolutions before the fork, and of each of its two arms. */
  readonly single: readonly [number, number];
  readonly double: readonly [number, number, number];
  readonly pool: number;
}

/** Module for 8 × 8 maps: towers that fork into 1 × 3 and 3 × 1, figure 7. */
export function moduleC(
  style: InceptionStyle,
  x: X,
  name: string,
  { one, single, double, pool }: ModuleCWidths,
): X {
  const singleTrunk = tower(style, x, `${name}.single`, [{ filters: single[0], size: 1 }]);
  const doubleTrunk = tower(style, x, `${name}.double`, [
    { filters: double[0], size: 1 },
    { filters: double[1], size: 3 },
  ]);
  const towers = [
    tower(style, x, `${name}.1x1`, [{ filters: one, size: 1 }]),
    ...fork(style, singleTrunk, `${name}.single`, single[1]),
    ...fork(style, doubleTrunk, `${name}.double`, double[2]),
    poolTower(style, x, `${name}.pool`, pool),
  ];
  return concatenate(towers, `${name}.concat`);
}

/** Channels of the two convolutions of an auxiliary head, and how much of its map the second sees. */
export interface AuxiliarySettings {
  readonly reduce: number;
  readonly features: number;
  readonly classes: number;
  /** 'five': 5 × 5 pixels at most; 'whole': all. Default: five. */
  readonly window?: 'five' | 'whole';
}

/**
 * The auxiliary classifier of figure 8. A map smaller than a window is taken whole: below 17 × 17 by the
 * convolution, below 5 × 5 by the pool too.
 */
export function auxiliaryHead(
  style: InceptionStyle,
  input: X,
  name: string,
  { reduce, features, classes, window = 'five' }: AuxiliarySettings,
): X {
  let x = averagePool(input, { name: `${name}.pool`, size: fitting(input, 5), stride: 3 });
  x = convNormRelu(style, x, { name: `${name}.conv1`, filters: reduce, size: 1 });
  const size = fitting(x, window === 'five' ? 5 : Number.POSITIVE_INFINITY);
  x = convNormRelu(style, x, { name: `${name}.conv2`, filters: features, size, padding: 'valid' });
  return dense(style.random, globalAveragePool(x, `${name}.gap`), `${name}.logits`, classes, glorotUniform);
}

/** A window of `side` × `side`, or less where the map is smaller. */
export function fitting(x: X, side: number): [number, number] {
  return [Math.min(side, x.shape[1] as number), Math.min(side, x.shape[2] as number)];
}
