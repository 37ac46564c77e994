// Layers of volumes, `[batch, depth, height, width, channels]`.

import * as tf from '@tensorflow/tfjs';
import { activate, hasBias, norm, normalised, type Style } from './blocks.ts';
import { channels, connect } from './connect.ts';
import { initialisersOf } from './initialisers.ts';
import { cropTo, padTo, reshape } from './weightless.ts';

type X = tf.SymbolicTensor;
type Volume = readonly [depth: number, height: number, width: number];

/**
 * Where volumes enter, `[batch, depth, height, width, channels]` in [0, 1], and the same normalised as `style` says, in the
 * middle of black ones of `size`.
 */
export function volumeInput(
  style: Style,
  shape: readonly [...Volume, channels: number],
  size: Volume,
): { volumes: X; x: X } {
  const volumes = tf.input({ shape: [...shape], name: 'volumes' });
  const padded = resizeVolume(volumes, size, 'pixels.pad');
  return { volumes, x: normalised(style, padded, 'pixels') };
}

/**
 * Cuts the same from both sides of volumes, or adds zeros there, up to `size`; what is odd is behind. tf.layers does so
 * with images only: rows of pixels are taken for channels first, then slices for rows.
 */
export function resizeVolume(x: X, [depth, height, width]: Volume, name: string): X {
  const [, slices, rows, columns, features] = x.shape as [null, number, number, number, number];
  if (slices === depth && rows === height && columns === width) return x;
  const flat = reshape(x, [slices, rows, columns * features], `${name}.rows`);
  const cut = resizeMap(flat, [depth, height], `${name}.slices`);
  const lines = reshape(cut, [depth * height, columns, features], `${name}.lines`);
  const fitted = resizeMap(lines, [depth * height, width], `${name}.columns`);
  return reshape(fitted, [depth, height, width, features], name);
}

function resizeMap(x: X, size: readonly [number, number], name: string): X {
  const smaller = size[0] < (x.shape[1] as number) || size[1] < (x.shape[2] as number);
  return smaller ? cropTo(x, size, name) : padTo(x, size, name);
}

/** On volumes `[batch, depth, height, width, channels]`: a 3 × 3 × 3 convolution, normalisation, ReLU. */
export function convNormRelu3d(
  style: Style,
  x: X,
  name: string,
  filters: number,
  padding: 'same' | 'valid' = 'same',
): X {
  const kernel = { size: 27, inputs: channels(x), filters };
  const useBias = hasBias(style);
  const layer = tf.layers.conv3d({
    name,
    filters,
    kernelSize: 3,
    padding,
    useBias,
    ...initialisersOf(style.kernel, style.random.stream(name), kernel),
  });
  return activate(style, norm(style, connect(layer, x), `${name}.norm`), `${name}.relu`);
}

/** A 1 × 1 × 1 convolution of volumes with a bias. */
export function pointConv3d(style: Style, x: X, name: string, filters: number): X {
  const initialisers = initialisersOf(style.kernel, style.random.stream(name), {
    size: 1,
    inputs: channels(x),
    filters,
  });
  return connect(tf.layers.conv3d({ name, filters, kernelSize: 1, ...initialisers }), x);
}

/** Halves volumes. */
export function maxPool3d(x: X, name: string): X {
  return connect(tf.layers.maxPooling3d({ name, poolSize: [2, 2, 2], strides: [2, 2, 2] }), x);
}

/** Doubles volumes by a transposed 2 × 2 × 2 convolution with stride 2. */
export function upConv3d(style: Style, x: X, name: string, filters: number, useBias = true): X {
  const kernel = { size: 8, inputs: channels(x), filters, transposed: 8 };
  const layer = tf.layers.conv3dTranspose({
    name,
    filters,
    kernelSize: 2,
    strides: 2,
    padding: 'same',
    useBias,
    ...initialisersOf(style.kernel, style.random.stream(name), kernel),
  });
  return connect(layer, x);
}
