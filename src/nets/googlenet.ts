// The module of GoogLeNet: Szegedy et al. 2014, Going deeper with convolutions, arXiv:1409.4842.

import type * as tf from '@tensorflow/tfjs';
import { concatenate, maxPool, type Style } from './blocks.ts';
import { tower } from './inception-blocks.ts';

type X = tf.SymbolicTensor;

/** Channels of each tower, first convolution first. */
export interface GoogLeNetWidths {
  readonly one: number;
  readonly three: readonly [number, number];
  readonly five: readonly [number, number];
  readonly pool: number;
}

/**
 * Figure 2b: 1 × 1, 3 × 3 and 5 × 5 convolutions beside a max pool. Without normalisation in `style`, the module of the
 * paper; with it, that of Ioffe and Szegedy 2015, arXiv:1502.03167, with the 5 × 5 convolution kept.
 */
export function googLeNetModule(style: Style, x: X, name: string, widths: GoogLeNetWidths): X {
  const { one, three, five, pool } = widths;
  const pooled = maxPool(x, { name: `${name}.pool.max`, size: 3, stride: 1, padding: 'same' });
  const towers = [
    tower(style, x, `${name}.1x1`, [{ filters: one, size: 1 }]),
    tower(style, x, `${name}.3x3`, [
      { filters: three[0], size: 1 },
      { filters: three[1], size: 3 },
    ]),
    tower(style, x, `${name}.5x5`, [
      { filters: five[0], size: 1 },
      { filters: five[1], size: 5 },
    ]),
    tower(style, pooled, `${name}.pool`, [{ filters: pool, size: 1 }]),
  ];
  return concatenate(towers, `${name}.concat`);
}
