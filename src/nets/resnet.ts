import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import {
  activate,
  add,
  conv,
  convNorm,
  convNormRelu,
  dense,
  globalAveragePool,
  imageInput,
  maxPool,
  norm,
  normReluConv,
  padChannels,
  type Style,
  zeroPad,
} from './blocks.ts';
import { fanInUniform, heNormalFanOut } from './initialisers.ts';
import { defineNet } from './net.ts';

export interface ResidualBlock {
  readonly name: string;
  readonly filters: number;
  readonly stride: number;
  readonly zeroInitResidual?: boolean;
  /** Of convolutions with a stride: as PyTorch and keras.applications, or as TensorFlow. Default: symmetric. */
  readonly padding?: 'symmetric' | 'same';
  /** 'project': a 1 × 1 convolution where the shape changes; 'pad': every other pixel, and channels of zeros. Default: project. */
  readonly shortcut?: 'project' | 'pad';
  /** What acts on the residual branch before it is added, such as `squeezeExcite`. */
  readonly attention?: (style: Style, x: tf.SymbolicTensor, name: string) => tf.SymbolicTensor;
}

export interface Bottleneck extends ResidualBlock {
  /** Channels of the inner convolutions; the block gives 4 · filters. Default: filters. */
  readonly innerFilters?: number;
  /** Of the 3 × 3 convolution: ResNeXt, Xie et al. 2016, arXiv:1611.05431, figure 3c. Default: 1. */
  readonly groups?: number;
  /** The convolution that has the stride: the 3 × 3 (v1.5, torchvision), or the first (He et al. 2015, Keras). Default: middle. */
  readonly strideAt?: 'middle' | 'first';
}

type BlockMaker = (style: Style, x: tf.SymbolicTensor, block: ResidualBlock) => tf.SymbolicTensor;

/** Blocks in each of the four stages: He et al. 2015, table 1. */
const architectures: Readonly<Record<number, { block: BlockMaker; blocks: readonly number[] }>> = {
  18: { block: basicBlock, blocks: [2, 2, 2, 2] },
  34: { block: basicBlock, blocks: [3, 4, 6, 3] },
  50: { block: bottleneckBlock, blocks: [3, 4, 6, 3] },
};

/** A bottleneck gives this many times the channels of its inner convolutions. */
const bottleneckExpansion = 4;

/**
 * Residual net of 18, 34 or 50 layers, the form known as v1.5: a bottleneck halves the image in its 3 × 3
 * convolution, not in the first 1 × 1. It takes images of any size.
 *
 * He et al. 2015, Deep residual learning for image recognition, arXiv:1512.03385. Layers, padding and initial
 * weights as in torchvision, whose parameter counts it has; only the bias of the last layer starts at 0.
 */
export const resnet = defineNet({
  task: 'classification',
  defaults: {
    /** 18, 34 or 50. */
    depth: 18,
    /**
     * 'imagenet' quarters the image at once (7 × 7 with stride 2, then a max pool); 'small', a 3 × 3 with
     * stride 1 and no pool, is for images up to about 64 × 64.
     */
    stem: 'imagenet',
    /** Channels of the first stage; each of the three others doubles them. */
    filters: 64,
    /** Starts each residual branch at zero, so that blocks begin as the identity. Goyal et al. 2017, arXiv:1706.02677, section 5.1. */
    zeroInitResidual: false,
  },
  build({ imageShape, classes }, { depth, stem, filters, zeroInitResidual }, random) {
    const architecture = architectures[depth];
    requireOption('resnet', 'depth', architecture !== undefined, '18, 34 or 50', depth);
    requireOption('resnet', 'stem', stem === 'imagenet' || stem === 'small', "'imagenet' or 'small'", stem);
    requireOption(
      'resnet',
      'filters',
      Number.isInteger(filters) && filters > 0,
      'a positive integer',
      filters,
    );
    const style: Style = {
      random,
      kernel: heNormalFanOut,
      norm: { epsilon: 1e-5, momentum: 0.9, scale: true },
    };
    const { images, x: pixels } = imageInput(style, imageShape);
    let x = (stem === 'small' ? smallStem : imagenetStem)(style, pixels, filters);
    for (const [stage, blocks] of architecture!.blocks.entries()) {
      for (let index = 0; index < blocks; index++) {
        const stride = stage > 0 && index === 0 ? 2 : 1;
        const name = `layer${stage + 1}.${index}`;
        x = architecture!.block(style, x, { name, filters: filters * 2 ** stage, stride, zeroInitResidual });
      }
    }
    const features = globalAveragePool(x, 'gap');
    const logits = dense(random, features, 'fc', classes, fanInUniform);
    return { model: tf.model({ name: 'resnet', inputs: images, outputs: logits }) };
  },
});

/** 7 × 7 with stride 2, then a 3 × 3 max pool with stride 2; padded on all sides, or as TensorFlow's 'same'. */
export function imagenetStem(
  style: Style,
  images: tf.SymbolicTensor,
  filters: number,
  padding: 'symmetric' | 'same' = 'symmetric',
): tf.SymbolicTensor {
  const x = convNormRelu(style, images, { name: 'conv1', filters, size: 7, stride: 2, padding });
  if (padding === 'same') return maxPool(x, { name: 'maxpool', size: 3, stride: 2, padding });
  // After a ReLU, zeros never win over a pixel: padding with them is padding with −∞.
  return maxPool(zeroPad(x, [1, 1], 'maxpool.pad'), { name: 'maxpool', size: 3, stride: 2 });
}

function smallStem(style: Style, images: tf.SymbolicTensor, filters: number): tf.SymbolicTensor {
  return convNormRelu(style, images, { name: 'conv1', filters, size: 3 });
}

/** Two 3 × 3 convolutions beside a shortcut. */
export function basicBlock(style: Style, input: tf.SymbolicTensor, block: ResidualBlock): tf.SymbolicTensor {
  const { name, filters, stride, padding = 'symmetric' } = block;
  const x = convNormRelu(style, input, { name: `${name}.conv1`, filters, size: 3, stride, padding });
  const residual = convNorm(style, x, { name: `${name}.conv2`, filters, size: 3 }, startingGain(block));
  return addShortcut(style, input, residual, block);
}

/** 1 × 1, 3 × 3, 1 × 1 convolutions beside a shortcut; the last gives 4 · filters channels. */
export function bottleneckBlock(
  style: Style,
  input: tf.SymbolicTensor,
  block: Bottleneck,
): tf.SymbolicTensor {
  const { name, filters, stride, padding = 'symmetric', groups = 1, strideAt = 'middle' } = block;
  const inner = block.innerFilters ?? filters;
  const [first, middle] = strideAt === 'first' ? [stride, 1] : [1, stride];
  let x = convNormRelu(style, input, { name: `${name}.conv1`, filters: inner, size: 1, stride: first });
  x = convNormRelu(style, x, {
    name: `${name}.conv2`,
    filters: inner,
    size: 3,
    stride: middle,
    padding,
    groups,
  });
  const expanded = { name: `${name}.conv3`, filters: filters * bottleneckExpansion, size: 1 };
  return addShortcut(style, input, convNorm(style, x, expanded, startingGain(block)), block);
}

/**
 * The bottleneck of pre-activation nets: each convolution after its own normalisation and activation, and nothing
 * after the sum. A projection sees the activated input. He et al. 2016, Identity mappings in deep residual networks,
 * arXiv:1603.05027, figure 4e.
 */
export function preActivationBottleneck(
  style: Style,
  input: tf.SymbolicTensor,
  block: Pick<Bottleneck, 'name' | 'filters' | 'stride' | 'padding' | 'innerFilters'>,
): tf.SymbolicTensor {
  const { name, filters, stride, padding = 'symmetric' } = block;
  const inner = block.innerFilters ?? filters;
  const expanded = filters * bottleneckExpansion;
  const ready = activate(style, norm(style, input, `${name}.conv1.norm`), `${name}.conv1.relu`);
  const bias = style.norm === 'none' || style.bias === true;
  let x = conv(style, ready, { name: `${name}.conv1`, filters: inner, size: 1 }, bias);
  x = normReluConv(style, x, { name: `${name}.conv2`, filters: inner, size: 3, stride, padding });
  x = normReluConv(style, x, { name: `${name}.conv3`, filters: expanded, size: 1 });
  const projection = {
    name: `${name}.shortcut`,
    filters: expanded,
    size: 1,
    stride,
    padding: 'valid' as const,
  };
  const changes = stride > 1 || input.shape[3] !== expanded;
  const shortcut = changes ? conv(style, ready, projection, bias) : input;
  return add([x, shortcut], `${name}.add`);
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
  { name, stride, shortcut = 'project' }: ResidualBlock,
): tf.SymbolicTensor {
  if (shortcut === 'project') {
    return convNorm(style, input, { name: `${name}.shortcut`, filters, size: 1, stride, padding: 'valid' });
  }
  const missing = filters - (input.shape[3] as number);
  const sides: [number, number] = [Math.floor(missing / 2), Math.ceil(missing / 2)];
  // A pool of one pixel takes every other.
  const sampled = maxPool(input, { name: `${name}.shortcut.sample`, size: 1, stride });
  return padChannels(sampled, sides, `${name}.shortcut.pad`);
}
