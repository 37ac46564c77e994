// The blocks of Inception-ResNet-v2: Szegedy et al. 2016, Inception-v4, Inception-ResNet and the impact of residual
// connections on learning, arXiv:1602.07261.

import type * as tf from '@tensorflow/tfjs';
import { activate, add, concatenate, conv, type Style, scaleBy } from './blocks.ts';
import { tower } from './inception-blocks.ts';

type X = tf.SymbolicTensor;

/** How much of the branch is added, and whether an activation follows: the last block of a net has none. */
export interface ResidualScale {
  readonly scale: number;
  readonly activated?: boolean;
}

/** Projects the stacked towers to the channels of the input, without normalisation, and adds a part of them to it. */
function addScaled(
  style: Style,
  input: X,
  towers: X[],
  name: string,
  { scale, activated = true }: ResidualScale,
): X {
  const filters = input.shape[3] as number;
  const stacked = concatenate(towers, `${name}.concat`);
  const branch = conv(style, stacked, { name: `${name}.up`, filters, size: 1 }, true);
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
  style: Style,
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
