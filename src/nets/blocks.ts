// The layers that nets are made of. Only this file makes layers, so every one has a name and a seeded
// initialiser, and all are standard tf.layers: a saved model loads in plain tfjs.
//
// A part of a layer is named after it: `conv1`, `conv1.norm`, `conv1.relu`. What stands before the first dot
// is the stage, which `describeNet` lists.

import * as tf from '@tensorflow/tfjs';
import type { Random } from '../random.ts';
import { SeededDropout } from './dropout.ts';
import type { WeightRule } from './initialisers.ts';

type X = tf.SymbolicTensor;

export interface NormStyle {
  readonly epsilon: number;
  /** The share of the old moving average that a step keeps. */
  readonly momentum: number;
  /** Whether normalisation has a gain (gamma) beside its offset. */
  readonly scale: boolean;
}

/** What the layers of one net have in common. */
export interface Style {
  readonly random: Random;
  readonly kernel: WeightRule;
  /** Without normalisation, convolutions have biases instead. */
  readonly norm: NormStyle | 'none';
}

export interface ConvSettings {
  readonly name: string;
  readonly filters: number;
  readonly size: number | readonly [height: number, width: number];
  readonly stride?: number;
  /** 'symmetric' pads (size − 1) / 2 on every side, as PyTorch; 'same' with a stride pads less before than behind. */
  readonly padding?: 'same' | 'valid' | 'symmetric';
}

interface PoolSettings {
  readonly name: string;
  readonly size: number | readonly [height: number, width: number];
  readonly stride: number;
  readonly padding?: 'same' | 'valid';
}

function connect(layer: tf.layers.Layer, input: X | X[]): X {
  return layer.apply(input) as X;
}

function pair(size: number | readonly [number, number]): [number, number] {
  return typeof size === 'number' ? [size, size] : [size[0], size[1]];
}

const channels = (x: X) => x.shape.at(-1) as number;

/** Where the images enter, `[batch, height, width, channels]` in [0, 1], and the same images in [−1, 1]. */
export function imageInput(imageShape: readonly [number, number, number]): { images: X; x: X } {
  const images = tf.input({ shape: [...imageShape], name: 'images' });
  return { images, x: connect(tf.layers.rescaling({ name: 'pixels', scale: 2, offset: -1 }), images) };
}

/** A convolution; it has a bias where `bias` says so. */
export function conv(style: Style, x: X, settings: ConvSettings, bias: boolean): X {
  const { name, filters, stride = 1, padding = 'same' } = settings;
  const kernelSize = pair(settings.size);
  const [top, left] = kernelSize.map((size) => (size - 1) / 2) as [number, number];
  // With stride 1 and an odd size, tfjs' 'same' is symmetric.
  const padsFirst = padding === 'symmetric' && stride > 1;
  const input = padsFirst && top + left > 0 ? zeroPad(x, [top, left], `${name}.pad`) : x;
  const area = kernelSize[0] * kernelSize[1];
  const layer = tf.layers.conv2d({
    name,
    filters,
    kernelSize,
    strides: stride,
    padding: padsFirst || padding === 'valid' ? 'valid' : 'same',
    useBias: bias,
    kernelInitializer: style.kernel(style.random.stream(name), channels(x) * area, filters * area),
  });
  return connect(layer, input);
}

/** Batch normalisation as `style` says. `gain: 'zeros'` starts gamma at 0, so that a residual branch starts silent. */
export function norm(style: Style, x: X, name: string, gain: 'ones' | 'zeros' = 'ones'): X {
  if (style.norm === 'none') return x;
  const { epsilon, momentum, scale } = style.norm;
  return connect(tf.layers.batchNormalization({ name, epsilon, momentum, scale, gammaInitializer: gain }), x);
}

/** Convolution and normalisation, without activation. */
export function convNorm(style: Style, x: X, settings: ConvSettings, gain: 'ones' | 'zeros' = 'ones'): X {
  return norm(style, conv(style, x, settings, style.norm === 'none'), `${settings.name}.norm`, gain);
}

/** Convolution, normalisation, ReLU. */
export function convNormRelu(style: Style, x: X, settings: ConvSettings): X {
  return relu(convNorm(style, x, settings), `${settings.name}.relu`);
}

/** Doubles height and width by a transposed 2 × 2 convolution with stride 2 and a bias. */
export function upConv(style: Style, x: X, name: string, filters: number): X {
  // With stride 2 the windows do not overlap: a unit sees one pixel, and each pixel is seen by 4 · filters units.
  const kernelInitializer = style.kernel(style.random.stream(name), channels(x), 4 * filters);
  const layer = tf.layers.conv2dTranspose({
    name,
    filters,
    kernelSize: 2,
    strides: 2,
    padding: 'same',
    kernelInitializer,
  });
  return connect(layer, x);
}

/** A fully connected layer with a bias that starts at 0. */
export function dense(random: Random, x: X, name: string, units: number, rule: WeightRule): X {
  const kernelInitializer = rule(random.stream(name), channels(x), units);
  return connect(tf.layers.dense({ name, units, kernelInitializer }), x);
}

export function dropout(random: Random, x: X, name: string, rate: number): X {
  return connect(new SeededDropout({ name, rate, random: random.stream(name) }), x);
}

export function relu(x: X, name: string): X {
  return connect(tf.layers.activation({ name, activation: 'relu' }), x);
}

export function add(terms: X[], name: string): X {
  return connect(tf.layers.add({ name }), terms);
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
