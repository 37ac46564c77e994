// The blocks of SegNet: Badrinarayanan et al. 2015, arXiv:1511.00561. The decoder doubles maps by putting values back
// where the encoder's max pools found their maxima.

import type * as tf from '@tensorflow/tfjs';
import { convNormRelu, maxPoolWithIndices, maxUnpool, type Style } from './blocks.ts';

type X = tf.SymbolicTensor;

/** Convolutions in a row, named `<name>.conv1`, `<name>.conv2`, …, one for each of `filters`. */
function convolutions(style: Style, input: X, name: string, filters: readonly number[]): X {
  return filters.reduce(
    (x, width, i) => convNormRelu(style, x, { name: `${name}.conv${i + 1}`, filters: width, size: 3 }),
    input,
  );
}

/** Convolutions, and their maxima; `map` is in front of the pool, and `indices` say where in it the maxima were. */
export function segnetEncoder(
  style: Style,
  x: X,
  name: string,
  filters: readonly number[],
): { readonly map: X; readonly pooled: X; readonly indices: X } {
  const map = convolutions(style, x, name, filters);
  return { map, ...maxPoolWithIndices(map, `${name}.pool`) };
}

/** Doubles `x` by putting its values where `map` of the encoder had its maxima, and convolves. */
export function segnetDecoder(
  style: Style,
  x: X,
  { map, indices }: { readonly map: X; readonly indices: X },
  name: string,
  filters: readonly number[],
): X {
  return convolutions(style, maxUnpool(x, { before: map, indices }, `${name}.unpool`), name, filters);
}
