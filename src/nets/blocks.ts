// The layers that nets are made of. Only this file makes layers, so every one has a name and a seeded
// initialiser. All are standard tf.layers, so that a saved model loads in plain tfjs, but those of engine/layers,
// which tfjs has not: their models load where our engine is installed.
//
// A part of a layer is named after it: `conv1`, `conv1.norm`, `conv1.relu`. What stands before the first dot
// is the stage, which `describeNet` lists.

import * as tf from '@tensorflow/tfjs';
import { BilinearUpSampling2D } from '../engine/layers/bilinear-up-sampling.ts';
import { BlurPool2D } from '../engine/layers/blur-pool.ts';
import { GroupNormalization } from '../engine/layers/group-normalization.ts';
import { GroupedConv2D } from '../engine/layers/grouped-conv2d.ts';
import { LocalResponseNormalization } from '../engine/layers/local-response-normalization.ts';
import { MaxPoolingWithIndices2D, MaxUnpooling2D } from '../engine/layers/max-unpool.ts';
import type { Random } from '../random.ts';
import { SeededDropout } from './dropout.ts';
import { initialisersOf, type WeightRule } from './initialisers.ts';

type X = tf.SymbolicTensor;

export const ACTIVATIONS = ['relu', 'leakyRelu', 'elu', 'silu', 'gelu', 'softplus', 'relu6'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

export const NORMS = ['batch', 'instance', 'group', 'layer'] as const;
export type NormKind = (typeof NORMS)[number];

export const PIXELS = ['centred', 'imagenet'] as const;
export type Pixels = (typeof PIXELS)[number];

export interface NormStyle {
  /** Default: batch. */
  readonly kind?: NormKind;
  readonly epsilon: number;
  /** The share of the old moving average that a step keeps. */
  readonly momentum: number;
  /** Whether normalisation has a gain (gamma) beside its offset. */
  readonly scale: boolean;
  /** Whether it has an offset (beta). Default: true. */
  readonly center?: boolean;
}

/** What the layers of one net have in common. */
export interface Style {
  readonly random: Random;
  readonly kernel: WeightRule;
  /** Without normalisation, convolutions have biases instead. */
  readonly norm: NormStyle | 'none';
  /** Gives convolutions biases in front of their normalisation too, which takes them out again in training. */
  readonly bias?: boolean;
  /** What follows normalisation. Default: relu. */
  readonly activation?: Activation;
  /** What images in [0, 1] become. Default: centred. */
  readonly pixels?: Pixels;
}

export interface ConvSettings {
  readonly name: string;
  readonly filters: number;
  readonly size: number | readonly [height: number, width: number];
  readonly stride?: number;
  /** 'symmetric' pads (size − 1) / 2 on every side, as PyTorch; 'same' with a stride pads less before than behind. */
  readonly padding?: 'same' | 'valid' | 'symmetric';
  /** Each group of filters sees its own part of the channels. Default: 1. */
  readonly groups?: number;
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

/**
 * Where the images enter, `[batch, height, width, channels]` in [0, 1], and the same images normalised as `style` says, in
 * the middle of black ones of `size`.
 */
export function imageInput(
  style: Style,
  imageShape: readonly [number, number, number],
  size: readonly [height: number, width: number] = [imageShape[0], imageShape[1]],
): { images: X; x: X } {
  const images = tf.input({ shape: [...imageShape], name: 'images' });
  const larger = size[0] > imageShape[0] || size[1] > imageShape[1];
  const padded = larger ? padTo(images, size, 'pixels.pad') : images;
  return { images, x: normalised(style, padded, 'pixels') };
}

function normalised(style: Style, x: X, name: string): X {
  const { scale, offset } = pixelScale(style.pixels ?? 'centred', channels(x));
  // A number for each channel is broadcast, here and in plain tfjs; its types know one number only.
  const perChannel = { scale, offset } as { scale: number; offset: number };
  return connect(tf.layers.rescaling({ name, ...perChannel }), x);
}

/** Of the pixels of ImageNet's red, green and blue; torchvision's and timm's constants. */
const imagenet = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/** 'imagenet' for other than three channels: the averages over the colours, for every channel. */
function pixelScale(
  pixels: Pixels,
  channels: number,
): { scale: number | number[]; offset: number | number[] } {
  if (pixels === 'centred') return { scale: 2, offset: -1 };
  const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const each = (values: number[]) => (channels === 3 ? values : Array(channels).fill(average(values)));
  const [mean, deviation] = [each(imagenet.mean), each(imagenet.deviation)];
  return { scale: deviation.map((d) => 1 / d), offset: mean.map((m, i) => -m / deviation[i]!) };
}

/** Pads in front of a convolution where its own padding would not be `padding`; gives that which is left to it. */
function padded(
  x: X,
  name: string,
  kernelSize: readonly [number, number],
  stride: number,
  padding: NonNullable<ConvSettings['padding']>,
): { input: X; padding: 'same' | 'valid' } {
  // With stride 1 and an odd size, tfjs' 'same' is symmetric.
  if (padding !== 'symmetric') return { input: x, padding };
  if (stride === 1) return { input: x, padding: 'same' };
  const [top, left] = kernelSize.map((size) => (size - 1) / 2) as [number, number];
  return { input: top + left > 0 ? zeroPad(x, [top, left], `${name}.pad`) : x, padding: 'valid' };
}

/** A convolution; it has a bias where `bias` says so. */
export function conv(style: Style, x: X, settings: ConvSettings, bias: boolean): X {
  const { name, filters, stride = 1, groups = 1 } = settings;
  const kernelSize = pair(settings.size);
  const { input, padding } = padded(x, name, kernelSize, stride, settings.padding ?? 'same');
  const initialisers = initialisersOf(style.kernel, style.random.stream(name), {
    size: kernelSize[0] * kernelSize[1],
    inputs: channels(x),
    filters,
    groups,
  });
  const shared = { name, filters, kernelSize, strides: stride, padding, useBias: bias, ...initialisers };
  const layer = groups === 1 ? tf.layers.conv2d(shared) : new GroupedConv2D({ ...shared, groups });
  return connect(layer, input);
}

/** A convolution of each channel by itself; without normalisation in `style`, it has a bias. */
export function depthwiseConv(style: Style, x: X, settings: Omit<ConvSettings, 'filters' | 'groups'>): X {
  const { name, stride = 1 } = settings;
  const kernelSize = pair(settings.size);
  const { input, padding } = padded(x, name, kernelSize, stride, settings.padding ?? 'same');
  const inputs = channels(x);
  const { kernelInitializer, ...biases } = initialisersOf(style.kernel, style.random.stream(name), {
    size: kernelSize[0] * kernelSize[1],
    inputs,
    filters: inputs,
    groups: inputs,
  });
  const layer = tf.layers.depthwiseConv2d({
    name,
    kernelSize,
    strides: stride,
    padding,
    useBias: hasBias(style),
    depthwiseInitializer: kernelInitializer,
    ...biases,
  });
  return connect(layer, input);
}

/** Normalisation as `style` says. `gain: 'zeros'` starts gamma at 0, so that a residual branch starts silent. */
export function norm(style: Style, x: X, name: string, gain: 'ones' | 'zeros' = 'ones'): X {
  if (style.norm === 'none') return x;
  const { kind = 'batch', epsilon, momentum, scale, center = true } = style.norm;
  const shared = { name, epsilon, scale, center, gammaInitializer: gain };
  if (kind === 'batch') return batchNorm(x, { ...shared, momentum });
  return connect(new GroupNormalization({ ...shared, groups: groupsOf(kind, channels(x)) }), x);
}

/** Plain tfjs evaluates no volumes: their slices are put below each other. */
function batchNorm(x: X, settings: Parameters<typeof tf.layers.batchNormalization>[0] & { name: string }): X {
  const layer = tf.layers.batchNormalization(settings);
  if (x.shape.length < 5) return connect(layer, x);
  const [depth, height, width, features] = x.shape.slice(1) as [number, number, number, number];
  const { name } = settings;
  const below = reshape(x, [depth * height, width, features], `${name}.below`);
  return reshape(connect(layer, below), [depth, height, width, features], `${name}.volume`);
}

function reshape(x: X, targetShape: number[], name: string): X {
  return connect(tf.layers.reshape({ name, targetShape }), x);
}

/** Instance and layer normalisation are group normalisation with as many groups as channels, and with one. */
function groupsOf(kind: Exclude<NormKind, 'batch'>, channels: number): number {
  if (kind === 'layer') return 1;
  return kind === 'instance' ? -1 : greatestCommonDivisor(32, channels);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Convolution and normalisation, without activation. */
export function convNorm(style: Style, x: X, settings: ConvSettings, gain: 'ones' | 'zeros' = 'ones'): X {
  return norm(style, conv(style, x, settings, hasBias(style)), `${settings.name}.norm`, gain);
}

function hasBias(style: Style): boolean {
  return style.norm === 'none' || style.bias === true;
}

/** Convolution, normalisation, ReLU (or the activation of `style`). */
export function convNormRelu(style: Style, x: X, settings: ConvSettings): X {
  return activate(style, convNorm(style, x, settings), `${settings.name}.relu`);
}

/** Normalisation, ReLU, convolution: pre-activation. The normalisation is named after the convolution. */
export function normReluConv(style: Style, x: X, settings: ConvSettings): X {
  const { name } = settings;
  const ready = activate(style, norm(style, x, `${name}.norm`), `${name}.relu`);
  return conv(style, ready, settings, hasBias(style));
}

/** The activation of `style`. */
export function activate(style: Style, x: X, name: string): X {
  return activation(x, name, style.activation ?? 'relu');
}

/** Doubles height and width by a transposed convolution with stride 2 and a bias. `size`: of its kernel, 2 or 3. */
export function upConv(style: Style, x: X, name: string, filters: number, size: 2 | 3 = 2): X {
  // Of size 2, windows do not overlap: a unit sees one pixel, and each pixel is seen by 4 · filters units. Of size 3,
  // a unit sees 9/4 on average.
  const kernel = { size: size ** 2, inputs: channels(x), filters, transposed: 4 };
  const layer = tf.layers.conv2dTranspose({
    name,
    filters,
    kernelSize: size,
    strides: 2,
    padding: 'same',
    ...initialisersOf(style.kernel, style.random.stream(name), kernel),
  });
  return connect(layer, x);
}

/** A fully connected layer with a bias, which starts at 0 where the rule does not say otherwise. */
export function dense(random: Random, x: X, name: string, units: number, rule: WeightRule): X {
  const kernel = { size: 1, inputs: channels(x), filters: units };
  return connect(tf.layers.dense({ name, units, ...initialisersOf(rule, random.stream(name), kernel) }), x);
}

export function dropout(random: Random, x: X, name: string, rate: number): X {
  return connect(new SeededDropout({ name, rate, random: random.stream(name) }), x);
}

export function relu(x: X, name: string): X {
  return activation(x, name, 'relu');
}

export function sigmoid(x: X, name: string): X {
  return activation(x, name, 'sigmoid');
}

function activation(x: X, name: string, activation: Activation | 'sigmoid'): X {
  // tf.layers' own slope of leaky ReLU is 0.3; the paper (Maas et al. 2013) and PyTorch have 0.01.
  if (activation === 'leakyRelu') return connect(tf.layers.leakyReLU({ name, alpha: 0.01 }), x);
  // tf.layers knows SiLU under the name of Swish.
  return connect(tf.layers.activation({ name, activation: activation === 'silu' ? 'swish' : activation }), x);
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

type Volume = readonly [depth: number, height: number, width: number];

/** Where volumes enter, `[batch, depth, height, width, channels]` in [0, 1], and the same normalised as `style` says, in the middle of black ones of `size`. */
export function volumeInput(
  style: Style,
  shape: readonly [...Volume, channels: number],
  size: Volume,
): { volumes: X; x: X } {
  const volumes = tf.input({ shape: [...shape], name: 'volumes' });
  const padded = resizeVolume(volumes, size, 'voxels.pad');
  return { volumes, x: normalised(style, padded, 'voxels') };
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
