// The blocks of SegNet: Badrinarayanan et al. 2015, arXiv:1511.00561. The decoder doubles maps by putting values back
// where the encoder's max pools found their maxima.

import type * as tf from '@tensorflow/tfjs';
import { convNormRelu, maxPool, maxUnpool, type Style } from './blocks.ts';

type X = tf.SymbolicTensor;

/** Convolutions in a row, named `<name>.conv1`, `<name>.conv2`, …, one for each of `filters`. */
function convolutions(style: Style, input: X, name: string, filters: readonly number[]): X {
  return filters.reduce(
    (x, width, i) => convNormRelu(style, x, { name: `${name}.conv${i + 1}`, filters: width, size: 3 }),
    input,
  );
}

/** Convolutions and a max pool; `map`, in front of the pool, tells the decoder where the maxima were. */
export function segnetEncoder(
  style: Style,
  x: X,
  name: string,
  filters: readonly number[],
): { readonly map: X; readonly pooled: X } {
  const map = convolutions(style, x, name, filters);
  // 'same' pads odd maps behind; even ones not at all.
  return { map, pooled: maxPool(map, { name: `${name}.pool`, size: 2, stride: 2, padding: 'same' }) };
}

/** Doubles `x` by putting its values where `map` had its maxima, and convolves. */
export function segnetDecoder(style: Style, x: X, map: X, name: string, filters: readonly number[]): X {
  return convolutions(style, maxUnpool(x, map, `${name}.unpool`), name, filters);
}
