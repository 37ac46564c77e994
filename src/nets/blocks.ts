// The layers that nets are made of, with `weightless.ts` and `volume-blocks.ts`. No other file makes layers, so every
// one has a name and a seeded initialiser. All are standard tf.layers, so that a saved model loads in plain tfjs, but those of engine/layers,
// which tfjs has not: their models load where our engine is installed.
//
// A part of a layer is named after it: `conv1`, `conv1.norm`, `conv1.relu`. What stands before the first dot
// is the stage, which `describeNet` lists.

import * as tf from '@tensorflow/tfjs';
import { GroupNormalization } from '../engine/layers/group-normalization.ts';
import { GroupedConv2D } from '../engine/layers/grouped-conv2d.ts';
import type { Random } from '../random.ts';
import { channels, connect, pair } from './connect.ts';
import { SeededDropout } from './dropout.ts';
import { initialisersOf, type WeightRule } from './initialisers.ts';
import { padTo, reshape, zeroPad } from './weightless.ts';

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

export function normalised(style: Style, x: X, name: string): X {
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

export function hasBias(style: Style): boolean {
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
