// Layers without weights: sums, pools, and what changes the size or the shape of maps.

import * as tf from '@tensorflow/tfjs';
import { BilinearUpSampling2D } from '../engine/layers/bilinear-up-sampling.ts';
import { BlurPool2D } from '../engine/layers/blur-pool.ts';
import { LocalResponseNormalization } from '../engine/layers/local-response-normalization.ts';
import { MaxPoolingWithIndices2D, MaxUnpooling2D } from '../engine/layers/max-unpool.ts';
import { channels, connect, pair } from './connect.ts';

type X = tf.SymbolicTensor;

interface PoolSettings {
  readonly name: string;
  readonly size: number | readonly [height: number, width: number];
  readonly stride: number;
  readonly padding?: 'same' | 'valid';
}

export function reshape(x: X, targetShape: number[], name: string): X {
  return connect(tf.layers.reshape({ name, targetShape }), x);
}

/** Of each of n values z the pair 0, z: `[batch, n]` becomes `[batch, n, 2]`. */
export function logitPairs(x: X, name: string): X {
  const [, count] = x.shape as [null, number];
  const column = reshape(x, [count, 1, 1], `${name}.column`);
  const padding: [[number, number], [number, number]] = [
    [0, 0],
    [1, 0],
  ];
  const padded = connect(tf.layers.zeroPadding2d({ name: `${name}.pad`, padding }), column);
  return reshape(padded, [count, 2], name);
}

export function add(terms: X[], name: string): X {
  return connect(tf.layers.add({ name }), terms);
}

/** The product; an axis of length 1 is broadcast. */
export function multiply(factors: X[], name: string): X {
  return connect(tf.layers.multiply({ name }), factors);
}

/** Times a constant. */
export function scaleBy(x: X, scale: number, name: string): X {
  return connect(tf.layers.rescaling({ name, scale }), x);
}

/** Stacks the channels. */
export function concatenate(parts: X[], name: string): X {
  return connect(tf.layers.concatenate({ name }), parts);
}

export function zeroPad(x: X, padding: [height: number, width: number], name: string): X {
  return connect(tf.layers.zeroPadding2d({ name, padding }), x);
}

export function maxPool(x: X, { name, size, stride, padding = 'valid' }: PoolSettings): X {
  return connect(
    tf.layers.maxPooling2d({ name, poolSize: pair(size), strides: [stride, stride], padding }),
    x,
  );
}

/** With 'same', the padding counts neither in the sum nor in the number. */
export function averagePool(x: X, { name, size, stride, padding = 'valid' }: PoolSettings): X {
  return connect(
    tf.layers.averagePooling2d({ name, poolSize: pair(size), strides: [stride, stride], padding }),
    x,
  );
}

/** The mean of each channel, `[batch, channels]`. */
export function globalAveragePool(x: X, name: string): X {
  return connect(tf.layers.globalAveragePooling2d({ name }), x);
}

/** The largest of each channel, `[batch, channels]`. */
export function globalMaxPool(x: X, name: string): X {
  return connect(tf.layers.globalMaxPooling2d({ name }), x);
}

/** The mean and the largest over the channels of each pixel, `[batch, height, width, 1]` each. */
export function poolChannels(x: X, name: string): { mean: X; max: X } {
  const [, height, width] = x.shape as [null, number, number, number];
  // Pixels become the channels of a sequence, and channels its steps.
  const pixels = height * width;
  const rows = connect(tf.layers.reshape({ name: `${name}.rows`, targetShape: [pixels, channels(x)] }), x);
  const steps = connect(tf.layers.permute({ name: `${name}.steps`, dims: [2, 1] }), rows);
  const plane = (pooled: X, kind: string) =>
    connect(tf.layers.reshape({ name: `${name}.${kind}Plane`, targetShape: [height, width, 1] }), pooled);
  return {
    mean: plane(connect(tf.layers.globalAveragePooling1d({ name: `${name}.mean` }), steps), 'mean'),
    max: plane(connect(tf.layers.globalMaxPooling1d({ name: `${name}.max` }), steps), 'max'),
  };
}

/** Everything of an image in a row: `[batch, height · width · channels]`. */
export function flatten(x: X, name: string): X {
  return connect(tf.layers.flatten({ name }), x);
}

/** `[batch, channels]` as `[batch, 1, 1, channels]`, to be broadcast over a map. */
export function asPixel(x: X, name: string): X {
  return connect(tf.layers.reshape({ name, targetShape: [1, 1, channels(x)] }), x);
}

/** Vectors `[batch, channels]` as the steps of one sequence, `[batch, vectors, channels]`: a dense layer treats all alike. */
export function asSteps(vectors: X[], name: string): X {
  // Not the same layer for each vector: tfjs would not free it with the model.
  const steps = vectors.map((x, i) =>
    connect(tf.layers.reshape({ name: `${name}.${i + 1}`, targetShape: [1, channels(x)] }), x),
  );
  return connect(tf.layers.concatenate({ name, axis: 1 }), steps);
}

/** The sum over the steps of a sequence, `[batch, channels]`. */
export function sumSteps(x: X, name: string): X {
  const mean = connect(tf.layers.globalAveragePooling1d({ name: `${name}.mean` }), x);
  return scaleBy(mean, x.shape[1] as number, name);
}

/** Adds channels of zeros before and behind. */
export function padChannels(x: X, padding: [before: number, behind: number], name: string): X {
  // tf.layers pads the last two axes of a map said to have its channels first, which are width and channels here.
  const layer = tf.layers.zeroPadding2d({ name, padding: [[0, 0], padding], dataFormat: 'channelsFirst' });
  return connect(layer, x);
}

type Sides = [[before: number, behind: number], [before: number, behind: number]];

/** Surplus height and width in halves; the odd pixel is behind. */
function halves(surplus: readonly [number, number]): Sides {
  return surplus.map((length) => [Math.floor(length / 2), Math.ceil(length / 2)]) as Sides;
}

/** Cuts the same from both sides, down to `height` × `width`; what is odd is cut behind. */
export function cropTo(x: X, [height, width]: readonly [number, number], name: string): X {
  const [, own, across] = x.shape as [null, number, number, number];
  return connect(tf.layers.cropping2D({ name, cropping: halves([own - height, across - width]) }), x);
}

/** Zeros on all sides, up to `height` × `width`: what `cropTo` takes away again. */
export function padTo(x: X, [height, width]: readonly [number, number], name: string): X {
  const [, own, across] = x.shape as [null, number, number, number];
  return connect(tf.layers.zeroPadding2d({ name, padding: halves([height - own, width - across]) }), x);
}

/** Doubles height and width by repeating pixels. */
export function upNearest(x: X, name: string): X {
  return connect(tf.layers.upSampling2d({ name, size: [2, 2] }), x);
}

/** Multiplies height and width by `factor`, bilinearly, with half-pixel centres or aligned corners. */
export function upBilinear(x: X, name: string, { factor = 2, alignCorners = false } = {}): X {
  return connect(new BilinearUpSampling2D({ name, factor, alignCorners }), x);
}

/** Halves height and width after a blur: see `BlurPool2D`. */
export function blurPool(x: X, name: string): X {
  return connect(new BlurPool2D({ name }), x);
}

/** Across 5 channels, with the constants of AlexNet and GoogLeNet in Caffe. */
export function localResponseNorm(x: X, name: string): X {
  return connect(new LocalResponseNormalization({ name, size: 5, alpha: 1e-4, beta: 0.75 }), x);
}

/** Halves height and width, rounded up, for `maxUnpool` to undo: `indices` say where the maxima were. */
export function maxPoolWithIndices(x: X, name: string): { pooled: X; indices: X } {
  const [pooled, indices] = new MaxPoolingWithIndices2D({ name }).apply(x) as [X, X];
  return { pooled, indices };
}

/** Puts `x` back where the maxima were, between zeros; `before` is the map that was pooled. */
export function maxUnpool(x: X, { before, indices }: { before: X; indices: X }, name: string): X {
  return connect(new MaxUnpooling2D({ name }), [x, indices, before]);
}
