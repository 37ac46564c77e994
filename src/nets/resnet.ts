import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import {
  add,
  convNorm,
  convNormRelu,
  dense,
  globalAveragePool,
  imageInput,
  maxPool,
  relu,
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
    const { images, x: pixels } = imageInput(imageShape);
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

/** 7 × 7 with stride 2, then a 3 × 3 max pool with stride 2, both padded on all sides. */
export function imagenetStem(style: Style, images: tf.SymbolicTensor, filters: number): tf.SymbolicTensor {
  const x = convNormRelu(style, images, { name: 'conv1', filters, size: 7, stride: 2, padding: 'symmetric' });
  // After a ReLU, zeros never win over a pixel: padding with them is padding with −∞.
  return maxPool(zeroPad(x, [1, 1], 'maxpool.pad'), { name: 'maxpool', size: 3, stride: 2 });
}

function smallStem(style: Style, images: tf.SymbolicTensor, filters: number): tf.SymbolicTensor {
  return convNormRelu(style, images, { name: 'conv1', filters, size: 3 });
}

/** Two 3 × 3 convolutions beside a shortcut. */
export function basicBlock(style: Style, input: tf.SymbolicTensor, block: ResidualBlock): tf.SymbolicTensor {
  const { name, filters, stride } = block;
  const x = convNormRelu(style, input, {
    name: `${name}.conv1`,
    filters,
    size: 3,
    stride,
    padding: 'symmetric',
  });
  const residual = convNorm(style, x, { name: `${name}.conv2`, filters, size: 3 }, startingGain(block));
  return addShortcut(style, input, residual, block);
}

/** 1 × 1, 3 × 3, 1 × 1 convolutions beside a shortcut; the last gives 4 · filters channels. */
export function bottleneckBlock(
  style: Style,
  input: tf.SymbolicTensor,
  block: ResidualBlock,
): tf.SymbolicTensor {
  const { name, filters, stride } = block;
  let x = convNormRelu(style, input, { name: `${name}.conv1`, filters, size: 1 });
  x = convNormRelu(style, x, { name: `${name}.conv2`, filters, size: 3, stride, padding: 'symmetric' });
  const expanded = { name: `${name}.conv3`, filters: filters * bottleneckExpansion, size: 1 };
  return addShortcut(style, input, convNorm(style, x, expanded, startingGain(block)), block);
}

function startingGain(block: ResidualBlock): 'ones' | 'zeros' {
  return block.zeroInitResidual ? 'zeros' : 'ones';
}

function addShortcut(
  style: Style,
  input: tf.SymbolicTensor,
  residual: tf.SymbolicTensor,
  { name, stride }: ResidualBlock,
): tf.SymbolicTensor {
  const filters = residual.shape[3] as number;
  const changes = stride > 1 || input.shape[3] !== filters;
  const projection = { name: `${name}.shortcut`, filters, size: 1, stride, padding: 'valid' as const };
  const shortcut = changes ? convNorm(style, input, projection) : input;
  return relu(add([residual, shortcut], `${name}.add`), `${name}.relu`);
}
