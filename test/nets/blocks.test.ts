import { describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { NormStyle, Style } from '../../src/nets/blocks.ts';
import {
  auxiliaryHead,
  moduleA,
  moduleB,
  moduleC,
  reductionA,
  reductionB,
} from '../../src/nets/inception-blocks.ts';
import { heNormal } from '../../src/nets/initialisers.ts';
import { basicBlock, bottleneckBlock, imagenetStem } from '../../src/nets/resnet.ts';
import { decoderStep, encoderStep } from '../../src/nets/unet.ts';
import { createRandom } from '../../src/random.ts';
import { type GoldenTensor, loadGolden } from '../golden/load.ts';
import { engines } from './engines.ts';
import { assertMatches, type Reference } from './reference.ts';

type X = tf.SymbolicTensor;

interface BlockFile extends Reference {
  readonly bn: Record<string, Record<'gamma' | 'beta' | 'moving_mean' | 'moving_variance', number[]>>;
}

interface Case {
  readonly file: string;
  readonly norm: NormStyle;
  /** Our names of the layers with weights, by theirs. */
  readonly layers: Readonly<Record<string, string>>;
  build(style: Style, inputs: X[]): X | X[];
}

const residual: NormStyle = { epsilon: 1e-5, momentum: 0.9, scale: true };
const inception: NormStyle = { epsilon: 1e-3, momentum: 0.99, scale: false };

const cases: readonly Case[] = [
  {
    file: 'resnet_basic_identity',
    norm: residual,
    layers: { conv1: 'block.conv1', conv2: 'block.conv2' },
    build: (style, [x]) => basicBlock(style, x!, { name: 'block', filters: 4, stride: 1 }),
  },
  {
    file: 'resnet_basic_s2_proj_sympad',
    norm: residual,
    layers: { conv1: 'block.conv1', conv2: 'block.conv2', proj: 'block.shortcut' },
    build: (style, [x]) => basicBlock(style, x!, { name: 'block', filters: 8, stride: 2 }),
  },
  {
    file: 'resnet_bottleneck_v15_s2',
    norm: residual,
    layers: { conv1: 'block.conv1', conv2: 'block.conv2', conv3: 'block.conv3', proj: 'block.shortcut' },
    build: (style, [x]) => bottleneckBlock(style, x!, { name: 'block', filters: 4, stride: 2 }),
  },
  {
    file: 'resnet_stem_sympad',
    norm: residual,
    layers: { conv1: 'conv1' },
    build: (style, [x]) => imagenetStem(style, x!, 4),
  },
  {
    file: 'inception_v3_a',
    norm: inception,
    layers: {
      b1x1: 'a.1x1.1',
      b5x5_1: 'a.5x5.1',
      b5x5_2: 'a.5x5.2',
      b3x3dbl_1: 'a.3x3.1',
      b3x3dbl_2: 'a.3x3.2',
      b3x3dbl_3: 'a.3x3.3',
      bpool: 'a.pool.1',
    },
    build: (style, [x]) => moduleA(style, x!, 'a', { one: 3, five: [2, 3], three: [3, 4], pool: 3 }),
  },
  {
    file: 'inception_v3_b',
    norm: inception,
    layers: {
      b1: 'b.1x1.1',
      b7_1: 'b.7x7.1',
      b7_2: 'b.7x7.2',
      b7_3: 'b.7x7.3',
      d1: 'b.7x7twice.1',
      d2: 'b.7x7twice.2',
      d3: 'b.7x7twice.3',
      d4: 'b.7x7twice.4',
      d5: 'b.7x7twice.5',
      bpool: 'b.pool.1',
    },
    build: (style, [x]) => moduleB(style, x!, 'b', { one: 3, seven: [2, 3], pool: 3 }),
  },
  {
    file: 'inception_v3_c',
    norm: inception,
    layers: {
      a: 'c.1x1.1',
      b1: 'c.single.1',
      b2a: 'c.single.1x3',
      b2b: 'c.single.3x1',
      d1: 'c.double.1',
      d2: 'c.double.2',
      d3a: 'c.double.1x3',
      d3b: 'c.double.3x1',
      p: 'c.pool.1',
    },
    build: (style, [x]) => moduleC(style, x!, 'c', { one: 3, single: [3, 2], double: [3, 3, 2], pool: 2 }),
  },
  {
    file: 'inception_v3_red_a',
    norm: inception,
    layers: { b3x3: 'r.single.1', b3x3dbl_1: 'r.double.1', b3x3dbl_2: 'r.double.2', b3x3dbl_3: 'r.double.3' },
    build: (style, [x]) => reductionA(style, x!, 'r', { single: 4, double: [3, 4] }),
  },
  {
    file: 'inception_v3_red_b',
    norm: inception,
    layers: { b1: 'r.3x3.1', b2: 'r.3x3.2', d1: 'r.7x7.1', d2: 'r.7x7.2', d3: 'r.7x7.3', d4: 'r.7x7.4' },
    build: (style, [x]) => reductionB(style, x!, 'r', { three: [2, 4], seven: [2, 3] }),
  },
  {
    file: 'inception_aux_head',
    norm: inception,
    layers: { conv1: 'head.conv1', conv2: 'head.conv2', logits: 'head.logits' },
    build: (style, [x]) => auxiliaryHead(style, x!, 'head', { reduce: 4, features: 5, classes: 7 }),
  },
  {
    file: 'unet_encoder_step',
    norm: residual,
    layers: { conv1: 'encoder1.conv1', conv2: 'encoder1.conv2' },
    build(style, [x]) {
      const { skip, pooled } = encoderStep(style, x!, 1, 5);
      return [skip, pooled];
    },
  },
  {
    file: 'unet_up_transpose_concat',
    norm: residual,
    layers: { up: 'decoder1.up', conv1: 'decoder1.conv1', conv2: 'decoder1.conv2' },
    build: (style, [x, skip]) => decoderStep(style, x!, skip!, 1, 4),
  },
];

/** The weights of a file, those of batch normalisation among them. */
function allWeights(file: BlockFile): Record<string, GoldenTensor> {
  const weights: Record<string, GoldenTensor> = { ...file.weights };
  for (const [layer, norm] of Object.entries(file.bn)) {
    for (const kind of ['gamma', 'beta', 'moving_mean', 'moving_variance'] as const) {
      const data = norm[kind];
      if (data) weights[`${layer}/${kind}`] = { shape: [data.length], data };
    }
  }
  return weights;
}

for (const engine of engines) {
  describe(`blocks of nets match TensorFlow and PyTorch on ${engine.name}`, () => {
    for (const { file, norm, layers, build } of cases) {
      test(file, async () => {
        await engine.use();
        const golden = loadGolden<BlockFile>(`blocks/${file}`);
        const style: Style = { random: createRandom(1), kernel: heNormal, norm };
        const inputs = Object.values(golden.inputs).map(({ shape }) => tf.input({ shape: shape.slice(1) }));
        const model = tf.model({ inputs, outputs: build(style, inputs) });
        await assertMatches({ model, reference: { ...golden, weights: allWeights(golden) }, layers });
        model.dispose();
      });
    }
  });
}
