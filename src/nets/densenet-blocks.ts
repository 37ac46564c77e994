// Blocks of densely connected nets: each layer sees what all layers before it made.

import type * as tf from '@tensorflow/tfjs';
import { dropout, normReluConv, type Style, upConv } from './blocks.ts';
import { averagePool, blurPool, concatenate, maxPool } from './weightless.ts';

type X = tf.SymbolicTensor;

export interface DenseLayer {
  readonly name: string;
  /** New channels, k in the papers. */
  readonly growth: number;
  /** Channels of the 1 × 1 convolution in front, 4 · growth in DenseNet-BC; absent: there is none. */
  readonly bottleneck?: number;
  /** After each convolution. Default: 0, none. */
  readonly dropout?: number;
}

/**
 * The new channels that a layer makes of all before it: normalisation, ReLU, convolution, once or, with a bottleneck,
 * twice. Huang et al. 2016, Densely connected convolutional networks, arXiv:1608.06993, section 3.
 */
export function denseLayer(style: Style, input: X, layer: DenseLayer): X {
  const { name, growth, bottleneck, dropout: rate = 0 } = layer;
  if (bottleneck === undefined) {
    const made = normReluConv(style, input, { name: `${name}.conv`, filters: growth, size: 3 });
    return dropped(style, made, `${name}.dropout`, rate);
  }
  const thinned = normReluConv(style, input, { name: `${name}.conv1`, filters: bottleneck, size: 1 });
  const x = dropped(style, thinned, `${name}.conv1.dropout`, rate);
  const made = normReluConv(style, x, { name: `${name}.conv2`, filters: growth, size: 3 });
  return dropped(style, made, `${name}.dropout`, rate);
}

function dropped(style: Style, x: X, name: string, rate: number): X {
  return rate > 0 ? dropout(style.random, x, name, rate) : x;
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

interface TransitionSettings {
  /** After the convolution. Default: 0, none. */
  readonly dropout?: number;
  /** 'blur': in the place of the pool, or after a dense one where it takes maxima. Default: 'pool'. */
  readonly downsample?: string;
}

/** Between the blocks of a DenseNet: a 1 × 1 convolution to `filters` channels, and an average pool that halves the map. */
export function transition(
  style: Style,
  x: X,
  name: string,
  filters: number,
  { dropout: rate = 0, downsample = 'pool' }: TransitionSettings = {},
): X {
  const thinned = normReluConv(style, x, { name: `${name}.conv`, filters, size: 1 });
  const kept = dropped(style, thinned, `${name}.dropout`, rate);
  if (downsample === 'blur') return blurPool(kept, `${name}.blur`);
  return averagePool(kept, { name: `${name}.pool`, size: 2, stride: 2 });
}

/**
 * Down in an FC-DenseNet: a 1 × 1 convolution that keeps the channels, dropout, a max pool that halves the map.
 * Jégou et al. 2016, The one hundred layers tiramisu, arXiv:1611.09326, table 1.
 */
export function transitionDown(
  style: Style,
  x: X,
  name: string,
  { dropout: rate = 0, downsample = 'pool' }: TransitionSettings = {},
): X {
  const mixed = normReluConv(style, x, { name: `${name}.conv`, filters: x.shape[3] as number, size: 1 });
  const kept = dropped(style, mixed, `${name}.dropout`, rate);
  if (downsample === 'pool') return maxPool(kept, { name: `${name}.pool`, size: 2, stride: 2 });
  const largest = maxPool(kept, { name: `${name}.pool`, size: 2, stride: 1, padding: 'same' });
  return blurPool(largest, `${name}.blur`);
}

/** Up in an FC-DenseNet: doubles what the last block made by a transposed 3 × 3 convolution, and stacks the skip behind. */
export function transitionUp(style: Style, made: X, skip: X, name: string): X {
  const up = upConv(style, made, `${name}.up`, made.shape[3] as number, 3);
  return concatenate([up, skip], `${name}.concat`);
}
