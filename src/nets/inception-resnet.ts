// The blocks of Inception-ResNet-v2: Szegedy et al. 2016, Inception-v4, Inception-ResNet and the impact of residual
// connections on learning, arXiv:1602.07261.

import type * as tf from '@tensorflow/tfjs';
import { activate, conv } from './blocks.ts';
import { excite, halve, type InceptionStyle, tower } from './inception-blocks.ts';
import { add, concatenate, scaleBy } from './weightless.ts';

type X = tf.SymbolicTensor;

/** How much of the branch is added, and whether an activation follows: the last block of a net has none. */
export interface ResidualScale {
  readonly scale: number;
  readonly activated?: boolean;
}

/** Projects the stacked towers to the channels of the input, without normalisation, and adds a part of them to it. */
function addScaled(
  style: InceptionStyle,
  input: X,
  towers: X[],
  name: string,
  { scale, activated = true }: ResidualScale,
): X {
  const filters = input.shape[3] as number;
  const stacked = concatenate(towers, `${name}.concat`);
  const branch = excite(style, conv(style, stacked, { name: `${name}.up`, filters, size: 1 }, true), name);
  const sum = add([input, scaleBy(branch, scale, `${name}.scale`)], `${name}.add`);
  return activated ? activate(style, sum, `${name}.relu`) : sum;
}

/** Channels of each tower, first convolution first; the published net: 32; 32, 32; 32, 48, 64. */
export interface Block35Widths {
  readonly one: number;
  readonly single: readonly [number, number];
  readonly double: readonly [number, number, number];
}

/** Block for 35 × 35 maps, figure 16. The published net adds 0.17 of the branch. */
export function block35(
  style: InceptionStyle,
  x: X,
  name: string,
  { one, single, double }: Block35Widths,
  residual: ResidualScale = { scale: 0.17 },
): X {
  const towers = [
    tower(style, x, `${name}.1x1`, [{ filters: one, size: 1 }]),
    tower(style, x, `${name}.single`, [
      { filters: single[0], size: 1 },
      { filters: single[1], size: 3 },
    ]),
    tower(style, x, `${name}.double`, [
      { filters: double[0], size: 1 },
      { filters: double[1], size: 3 },
      { filters: double[2], size: 3 },
    ]),
  ];
  return addScaled(style, x, towers, name, residual);
}

/** Channels of each tower, first convolution first. */
export interface LongBlockWidths {
  readonly one: number;
  readonly long: readonly [number, number, number];
}

/**
 * Block for 17 × 17 maps, figure 17, with convolutions of 1 × 7 and 7 × 1 (`length` 7; the published net: 192; 128,
 * 160, 192, and 0.1 of the branch), and for 8 × 8 maps, figure 19, with 1 × 3 and 3 × 1 (192; 192, 224, 256, and 0.2).
 */
export function longBlock(
  style: InceptionStyle,
  x: X,
  name: string,
  { one, long }: LongBlockWidths,
  length: 3 | 7,
  residual: ResidualScale,
): X {
  const towers = [
    tower(style, x, `${name}.1x1`, [{ filters: one, size: 1 }]),
    tower(style, x, `${name}.long`, [
      { filters: long[0], size: 1 },
      { filters: long[1], size: [1, length] },
      { filters: long[2], size: [length, 1] },
    ]),
  ];
  return addScaled(style, x, towers, name, residual);
}

/** Channels of each tower, first convolution first; the published net: 256, 384; 256, 288; 256, 288, 320. */
export interface ResidualReductionWidths {
  readonly first: readonly [number, number];
  readonly second: readonly [number, number];
  readonly double: readonly [number, number, number];
}

/** Halves 17 × 17 maps to 8 × 8, figure 18. */
export function residualReduction(
  style: InceptionStyle,
  x: X,
  name: string,
  { first, second, double }: ResidualReductionWidths,
): X {
  const halving = { size: 3, stride: 2, padding: 'valid' } as const;
  const towers = [
    tower(style, x, `${name}.first`, [
      { filters: first[0], size: 1 },
      { filters: first[1], ...halving },
    ]),
    tower(style, x, `${name}.second`, [
      { filters: second[0], size: 1 },
      { filters: second[1], ...halving },
    ]),
    tower(style, x, `${name}.double`, [
      { filters: double[0], size: 1 },
      { filters: double[1], size: 3 },
      { filters: double[2], ...halving },
    ]),
    halve(style, x, `${name}.pool`),
  ];
  return concatenate(towers, `${name}.concat`);
}
