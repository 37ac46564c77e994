// What every layer goes through.

import type * as tf from '@tensorflow/tfjs';

type X = tf.SymbolicTensor;

export function connect(layer: tf.layers.Layer, input: X | X[]): X {
  return layer.apply(input) as X;
}

export function pair(size: number | readonly [number, number]): [number, number] {
  return typeof size === 'number' ? [size, size] : [size[0], size[1]];
}

export const channels = (x: X) => x.shape.at(-1) as number;
