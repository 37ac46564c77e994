// The blocks of residual nets: He et al. 2015, Deep residual learning for image recognition, arXiv:1512.03385.

import type * as tf from '@tensorflow/tfjs';
import { activate, type ConvSettings, conv, convNorm, convNormRelu, type Style } from './blocks.ts';
import { add, blurPool, maxPool, padChannels } from './weightless.ts';

/** How maps are halved: by a stride, or blurred first, so that nothing is aliased. */
export type Downsample = 'stride' | 'blur';

export interface ResidualBlock {
  readonly name: string;
  readonly filters: number;
  readonly stride: number;
  readonly zeroInitResidual?: boolean;
  /** Of convolutions with a stride: as PyTorch and keras.applications, or as TensorFlow. Default: symmetric. */
  readonly padding?: 'symmetric' | 'same';
  /**
   * Where the shape changes. 'project': a 1 × 1 convolution, normalised; 'conv': the same with a bias instead; 'pad':
   * every other pixel, and channels of zeros. Default: project.
   */
  readonly shortcut?: 'project' | 'conv' | 'pad';
  /** What acts on the residual branch before it is added, such as `squeezeExcite`. */
  readonly attention?: (style: Style, x: tf.SymbolicTensor, name: string) => tf.SymbolicTensor;
  /**
   * With 'blur', a block that halves convolves without stride, and `blurPool` halves what the activation gives; so it
   * does in front of the shortcut. Zhang 2019, Making convolutional networks shift-invariant again, arXiv:1904.11486,
   * section 3.2, placed as in adobe/antialiased-cnns. Default: stride.
   */
  readonly downsample?: Downsample;
}

export interface Bottleneck extends ResidualBlock {
  /** Channels of the inner convolutions; the block gives 4 · filters. Default: filters. */
  readonly innerFilters?: number;
  /** Of the 3 × 3 convolution: ResNeXt, Xie et al. 2016, arXiv:1611.05431, figure 3c. Default: 1. */
  readonly groups?: number;
  /** The convolution that has the stride: the 3 × 3 (v1.5, torchvision), or the first (He et al. 2015, Keras). Default: middle. */
  readonly strideAt?: 'middle' | 'first';
}

/** A bottleneck gives this many times the channels of its inner convolutions. */
export const bottleneckExpansion = 4;

/** Two 3 × 3 convolutions beside a shortcut. */
export function basicBlock(style: Style, input: tf.SymbolicTensor, block: ResidualBlock): tf.SymbolicTensor {
  const { name, filters, stride, padding = 'symmetric' } = block;
  const first = { name: `${name}.conv1`, filters, size: 3, stride, padding };
  const x = convNormReluHalving(style, input, first, block.downsample);
  const residual = convNorm(style, x, { name: `${name}.conv2`, filters, size: 3 }, startingGain(block));
  return addShortcut(style, input, residual, block);
}

/** 1 × 1, 3 × 3, 1 × 1 convolutions beside a shortcut; the last gives 4 · filters channels. */
export function bottleneckBlock(
  style: Style,
  input: tf.SymbolicTensor,
  block: Bottleneck,
): tf.SymbolicTensor {
  const { name, filters, stride, padding = 'symmetric', groups = 1, strideAt = 'middle', downsample } = block;
  const inner = { filters: block.innerFilters ?? filters, padding };
  const [first, middle] = strideAt === 'first' ? [stride, 1] : [1, stride];
  const reduce = { ...inner, name: `${name}.conv1`, size: 1, stride: first };
  const spatial = { ...inner, name: `${name}.conv2`, size: 3, stride: middle, groups };
  const expand = { name: `${name}.conv3`, filters: filters * bottleneckExpansion, size: 1 };
  let x = convNormReluHalving(style, input, reduce, downsample);
  x = convNormReluHalving(style, x, spatial, downsample);
  return addShortcut(style, input, convNorm(style, x, expand, startingGain(block)), block);
}

function convNormReluHalving(
  style: Style,
  x: tf.SymbolicTensor,
  settings: ConvSettings & { readonly stride: number },
  downsample: Downsample = 'stride',
): tf.SymbolicTensor {
  if (settings.stride === 1 || downsample === 'stride') return convNormRelu(style, x, settings);
  return blurPool(convNormRelu(style, x, { ...settings, stride: 1 }), `${settings.name}.blur`);
}

function startingGain(block: ResidualBlock): 'ones' | 'zeros' {
  return block.zeroInitResidual ? 'zeros' : 'ones';
}

function addShortcut(
  style: Style,
  input: tf.SymbolicTensor,
  branch: tf.SymbolicTensor,
  block: ResidualBlock,
): tf.SymbolicTensor {
  const { name, attention } = block;
  const residual = attention ? attention(style, branch, `${name}.attention`) : branch;
  const filters = branch.shape[3] as number;
  const changes = block.stride > 1 || input.shape[3] !== filters;
  const shortcut = changes ? changedShortcut(style, input, filters, block) : input;
  return activate(style, add([residual, shortcut], `${name}.add`), `${name}.relu`);
}

/** He et al. 2015, section 3.3: option B, or A ('pad'), which has no weights. */
function changedShortcut(
  style: Style,
  input: tf.SymbolicTensor,
  filters: number,
  block: ResidualBlock,
): tf.SymbolicTensor {
  const { shortcut = 'project', downsample = 'stride' } = block;
  const name = `${block.name}.shortcut`;
  const blurs = downsample === 'blur' && block.stride > 1;
  const x = blurs ? blurPool(input, `${name}.blur`) : input;
  const stride = blurs ? 1 : block.stride;
  const projection = { name, filters, size: 1, stride, padding: 'valid' as const };
  if (shortcut === 'project') return convNorm(style, x, projection);
  if (shortcut === 'conv') return conv(style, x, projection, true);
  const missing = filters - (input.shape[3] as number);
  const sides: [number, number] = [Math.floor(missing / 2), Math.ceil(missing / 2)];
  return padChannels(everyOther(x, `${name}.sample`, stride), sides, `${name}.pad`);
}

/** Every `stride`-th pixel of each row and column. */
export function everyOther(x: tf.SymbolicTensor, name: string, stride: number): tf.SymbolicTensor {
  // A pool of one pixel.
  return stride === 1 ? x : maxPool(x, { name, size: 1, stride });
}
