// Blocks of densely connected nets: each layer sees what all layers before it made.

import type * as tf from '@tensorflow/tfjs';
import { averagePool, concatenate, dropout, maxPool, normReluConv, type Style, upConv } from './blocks.ts';

type X = tf.SymbolicTensor;

export interface DenseLayer {
  readonly name: string;
  /** New channels, k in the papers. */
  readonly growth: number;
  /** Channels of the 1 × 1 convolution in front, 4 · growth in DenseNet-BC; absent: there is none. */
  readonly bottleneck?: number;
  /** After the last convolution. Default: 0, none. */
  readonly dropout?: number;
}

/**
 * The new channels that a layer makes of all before it: normalisation, ReLU, convolution, once or, with a bottleneck,
 * twice. Huang et al. 2016, Densely connected convolutional networks, arXiv:1608.06993, section 3.
 */
export function denseLayer(style: Style, input: X, layer: DenseLayer): X {
  const { name, growth, bottleneck, dropout: rate = 0 } = layer;
  const x =
    bottleneck === undefined
      ? input
      : normReluConv(style, input, { name: `${name}.conv1`, filters: bottleneck, size: 1 });
  const last = bottleneck === undefined ? `${name}.conv` : `${name}.conv2`;
  const made = normReluConv(style, x, { name: last, filters: growth, size: 3 });
  return rate > 0 ? dropout(style.random, made, `${name}.dropout`, rate) : made;
}

/** What `denseBlock` gives. */
export interface DenseMaps {
  /** The input and all that was made of it. */
  readonly all: X;
  /** What was made here only: all that an FC-DenseNet takes up again. */
  readonly made: X;
}

/** Layers in a row, named `<name>.1`, `<name>.2`, …, each on the input and the results of all before. */
export function denseBlock(style: Style, input: X, layers: number, block: DenseLayer): DenseMaps {
  const { name } = block;
  const made: X[] = [];
  let all = input;
  for (let index = 1; index <= layers; index++) {
    const next = denseLayer(style, all, { ...block, name: `${name}.${index}` });
    made.push(next);
    all = concatenate([all, next], `${name}.${index}.concat`);
  }
  return { all, made: made.length > 1 ? concatenate(made, `${name}.made`) : made[0]! };
}

/** Between the blocks of a DenseNet: a 1 × 1 convolution to `filters` channels, and an average pool that halves the map. */
export function transition(style: Style, x: X, name: string, filters: number): X {
  const thinned = normReluConv(style, x, { name: `${name}.conv`, filters, size: 1 });
  return averagePool(thinned, { name: `${name}.pool`, size: 2, stride: 2 });
}

/**
 * Down in an FC-DenseNet: a 1 × 1 convolution that keeps the channels, dropout, a max pool that halves the map.
 * Jégou et al. 2016, The one hundred layers tiramisu, arXiv:1611.09326, table 1.
 */
export function transitionDown(style: Style, x: X, name: string, rate = 0): X {
  const mixed = normReluConv(style, x, { name: `${name}.conv`, filters: x.shape[3] as number, size: 1 });
  const kept = rate > 0 ? dropout(style.random, mixed, `${name}.dropout`, rate) : mixed;
  return maxPool(kept, { name: `${name}.pool`, size: 2, stride: 2 });
}

/** Up in an FC-DenseNet: doubles what the last block made by a transposed 3 × 3 convolution, and stacks the skip behind. */
export function transitionUp(style: Style, made: X, skip: X, name: string): X {
  const up = upConv(style, made, `${name}.up`, made.shape[3] as number, 3);
  return concatenate([up, skip], `${name}.concat`);
}
