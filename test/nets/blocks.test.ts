import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {
  attentionGate,
  convolutionalAttention,
  gridAttentionGate,
  squeezeExcite,
} from '../../src/nets/attention.ts';
import { conv, convNormRelu, type NormStyle, norm as normalise, type Style } from '../../src/nets/blocks.ts';
import {
  denseBlock,
  denseLayer,
  transition,
  transitionDown,
  transitionUp,
} from '../../src/nets/densenet-blocks.ts';
import { googLeNetModule } from '../../src/nets/googlenet.ts';
import {
  auxiliaryHead,
  moduleA,
  moduleB,
  moduleC,
  reductionA,
  reductionB,
} from '../../src/nets/inception-blocks.ts';
import { block35 } from '../../src/nets/inception-resnet.ts';
import { heNormal } from '../../src/nets/initialisers.ts';
import { invertedResidual, separableBlock } from '../../src/nets/mobilenet.ts';
import { preActivationBasic, preActivationBottleneck } from '../../src/nets/pre-activation-blocks.ts';
import { residualUnit } from '../../src/nets/res-unet.ts';
import { basicBlock, bottleneckBlock } from '../../src/nets/residual-blocks.ts';
import { imagenetStem } from '../../src/nets/residual-stem.ts';
import { segnetDecoder, segnetEncoder } from '../../src/nets/segnet.ts';
import { convolutions, doubled, halved, joined } from '../../src/nets/unet-blocks.ts';
import type { UpSampling } from '../../src/nets/unet-options.ts';
import { nestedNode } from '../../src/nets/unet-plus-plus.ts';
import { convolutions3d, decoderStep3d, encoderStep3d } from '../../src/nets/unet3d.ts';
import { blurPool, localResponseNorm, scaleBy } from '../../src/nets/weightless.ts';
import { createRandom } from '../../src/random.ts';
import { engines } from '../engine/engines.ts';
import { type GoldenTensor, loadGolden } from '../golden/load.ts';
import { assertMatches, assertPlanMatches, type Reference } from './reference.ts';

type X = tf.SymbolicTensor;

interface BlockFile extends Reference {
  readonly bn: Record<string, Record<'gamma' | 'beta' | 'moving_mean' | 'moving_variance', number[]>>;
}

interface Case {
  readonly file: string;
  readonly norm: NormStyle | 'none';
  readonly style?: Pick<Style, 'activation' | 'bias'>;
  /** Our names of the layers with weights, by theirs. */
  readonly layers: Readonly<Record<string, string>>;
  build(style: Style, inputs: X[]): X | X[];
}

const residual: NormStyle = { epsilon: 1e-5, momentum: 0.9, scale: true };
const inception: NormStyle = { epsilon: 1e-3, momentum: 0.99, scale: false };
const mobile: NormStyle = { epsilon: 1e-3, momentum: 0.99, scale: true };
const bottleneck = {
  conv1: 'block.conv1',
  conv2: 'block.conv2',
  conv3: 'block.conv3',
  proj: 'block.shortcut',
};
const separable = { dw: 'block.depthwise', pw: 'block.pointwise' };
const inverted = { expand: 'block.expand', dw: 'block.depthwise', project: 'block.project' };
const decoder = { conv1: 'decoder1.conv1', conv2: 'decoder1.conv2' };

/** A step on the way up in a U-Net, named `decoder1`. */
function decoderStep(
  style: Style,
  x: X,
  skip: X,
  filters: number,
  settings: { upSampling?: UpSampling; upFilters?: number; padding?: 'same' | 'valid' } = {},
): X {
  const { upSampling = 'transpose', upFilters = filters, padding = 'same' } = settings;
  // In the reference, only the convolution behind repeated pixels has a bias.
  const up = doubled({ ...style, bias: true }, x, 'decoder1.up', upFilters, upSampling);
  const both = joined(style, up, skip, 1, 'concat');
  return convolutions(style, both, { name: 'decoder1', filters: [filters, filters], padding });
}

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
    build: (style, [x]) => imagenetStem(style, x!, { filters: 4 }),
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
    build: (style, [x]) => reductionA(style, x!, 'r', { single: 4, double: [3, 4, 4] }),
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
      const skip = convolutions(style, x!, { name: 'encoder1', filters: [5, 5] });
      return [skip, halved(style, skip, 'pool1', 'maxPool')];
    },
  },
  {
    file: 'unet_up_transpose_concat',
    norm: residual,
    layers: { up: 'decoder1.up', conv1: 'decoder1.conv1', conv2: 'decoder1.conv2' },
    build: (style, [x, skip]) => decoderStep(style, x!, skip!, 4),
  },
  {
    file: 'bn_only',
    norm: mobile,
    layers: { bn: 'alone' },
    build: (style, [x]) => normalise(style, x!, 'alone'),
  },
  {
    file: 'resnet_basic_s2_proj_tfsame',
    norm: residual,
    layers: { conv1: 'block.conv1', conv2: 'block.conv2', proj: 'block.shortcut' },
    build: (style, [x]) => basicBlock(style, x!, { name: 'block', filters: 8, stride: 2, padding: 'same' }),
  },
  {
    file: 'resnet_basic_s2_proj_tfsame_odd',
    norm: residual,
    layers: { conv1: 'block.conv1', conv2: 'block.conv2', proj: 'block.shortcut' },
    build: (style, [x]) => basicBlock(style, x!, { name: 'block', filters: 8, stride: 2, padding: 'same' }),
  },
  {
    file: 'resnet_bottleneck_keras_s2',
    norm: { epsilon: 1.001e-5, momentum: 0.99, scale: true },
    style: { bias: true },
    layers: bottleneck,
    build: (style, [x]) =>
      bottleneckBlock(style, x!, { name: 'block', filters: 4, stride: 2, strideAt: 'first' }),
  },
  {
    file: 'resnet_stem_tfsame',
    norm: residual,
    layers: { conv1: 'conv1' },
    build: (style, [x]) => imagenetStem(style, x!, { filters: 4, padding: 'same' }),
  },
  {
    file: 'resnext_bottleneck_g2_s2',
    norm: residual,
    layers: bottleneck,
    build: (style, [x]) => bottleneckBlock(style, x!, { name: 'block', filters: 4, stride: 2, groups: 2 }),
  },
  {
    file: 'se_bottleneck_s2',
    norm: residual,
    layers: {
      ...bottleneck,
      se_reduce: 'block.attention.reduce',
      se_expand: 'block.attention.expand',
    },
    build: (style, [x]) =>
      bottleneckBlock(style, x!, {
        name: 'block',
        filters: 4,
        stride: 2,
        attention: (style, x, name) => squeezeExcite(style, x, name, 4),
      }),
  },
  {
    file: 'preact_bottleneck_s2',
    norm: residual,
    layers: {
      ...bottleneck,
      bn1: 'block.conv1.norm',
      bn2: 'block.conv2.norm',
      bn3: 'block.conv3.norm',
    },
    build: (style, [x]) =>
      preActivationBottleneck(style, x!, { name: 'block', filters: 2, innerFilters: 4, stride: 2 }),
  },
  {
    file: 'resnet_bottleneck_blur_s2',
    norm: residual,
    layers: bottleneck,
    build: (style, [x]) =>
      bottleneckBlock(style, x!, { name: 'block', filters: 2, stride: 2, downsample: 'blur' }),
  },
  {
    file: 'preact_basic_blur_s2',
    norm: residual,
    layers: { ...bottleneck, bn1: 'block.conv1.norm', bn2: 'block.conv2.norm' },
    build: (style, [x]) =>
      preActivationBasic(style, x!, { name: 'block', filters: 6, stride: 2, downsample: 'blur' }),
  },
  {
    file: 'resnet_stem_silu',
    norm: residual,
    style: { activation: 'silu' },
    layers: { conv1: 'conv1' },
    build: (style, [x]) => imagenetStem(style, x!, { filters: 4 }),
  },
  {
    file: 'resnet_stem_blur',
    norm: residual,
    layers: { conv1: 'conv1' },
    build: (style, [x]) => imagenetStem(style, x!, { filters: 4, downsample: 'blur' }),
  },
  {
    file: 'cifar_keras_s2',
    norm: { epsilon: 1e-3, momentum: 0.99, scale: true },
    style: { bias: true },
    layers: { conv1: 'block.conv1', conv2: 'block.conv2', proj: 'block.shortcut' },
    build: (style, [x]) =>
      basicBlock(style, x!, { name: 'block', filters: 6, stride: 2, shortcut: 'conv', padding: 'same' }),
  },
  {
    file: 'cifar_optionA_s2',
    norm: residual,
    layers: { conv1: 'block.conv1', conv2: 'block.conv2' },
    build: (style, [x]) => basicBlock(style, x!, { name: 'block', filters: 8, stride: 2, shortcut: 'pad' }),
  },
  {
    file: 'cbam',
    norm: { epsilon: 1e-5, momentum: 0.99, scale: true },
    layers: { mlp1: 'cbam.channels.reduce', mlp2: 'cbam.channels.expand', spatial: 'cbam.pixels.conv' },
    build: (style, [x]) => convolutionalAttention(style, x!, 'cbam', 2),
  },
  {
    file: 'attention_gate',
    norm: residual,
    style: { bias: true },
    layers: { Wg: 'gate.gating', Wx: 'gate.skip', psi: 'gate.psi' },
    build: (style, [x, g]) => attentionGate(style, x!, g!, 'gate', 3),
  },
  {
    file: 'attention_gate_grid',
    norm: residual,
    layers: { theta: 'gate.theta', phi: 'gate.phi', psi: 'gate.psi', W: 'gate.out' },
    build: (style, [x, g]) => gridAttentionGate(style, x!, g!, 'gate', 4),
  },
  {
    file: 'blurpool_s2',
    norm: residual,
    layers: { conv: 'conv' },
    build: (style, [x]) => blurPool(convNormRelu(style, x!, { name: 'conv', filters: 4, size: 3 }), 'blur'),
  },
  {
    file: 'googlenet_inception',
    norm: inception,
    layers: { a: 'm.1x1.1', b1: 'm.3x3.1', b2: 'm.3x3.2', c1: 'm.5x5.1', c2: 'm.5x5.2', d: 'm.pool.1' },
    build: (style, [x]) => googLeNetModule(style, x!, 'm', { one: 3, three: [2, 4], five: [2, 2], pool: 2 }),
  },
  {
    file: 'googlenet_lrn',
    norm: 'none',
    layers: { conv: 'conv' },
    // The reference multiplies its input by 40, so that the sum of squares counts beside 1.
    build(style, [x]) {
      const conv = { name: 'conv', filters: 8, size: 1 };
      return localResponseNorm(convNormRelu(style, scaleBy(x!, 40, 'scale'), conv), 'lrn');
    },
  },
  {
    file: 'inception_resnet_block35',
    norm: inception,
    layers: {
      b0: 'block.1x1.1',
      b1_1: 'block.single.1',
      b1_2: 'block.single.2',
      b2_1: 'block.double.1',
      b2_2: 'block.double.2',
      b2_3: 'block.double.3',
      up: 'block.up',
    },
    build: (style, [x]) => block35(style, x!, 'block', { one: 3, single: [3, 3], double: [3, 4, 5] }),
  },
  {
    file: 'depthwise_separable_s1',
    norm: mobile,
    style: { activation: 'relu6' },
    layers: separable,
    build: (style, [x]) => separableBlock(style, x!, { name: 'block', filters: 8, stride: 1 }),
  },
  {
    file: 'depthwise_separable_s2',
    norm: mobile,
    style: { activation: 'relu6' },
    layers: separable,
    build: (style, [x]) => separableBlock(style, x!, { name: 'block', filters: 8, stride: 2 }),
  },
  {
    file: 'inverted_residual_s1',
    norm: mobile,
    style: { activation: 'relu6' },
    layers: inverted,
    build: (style, [x]) =>
      invertedResidual(style, x!, { name: 'block', filters: 4, stride: 1, expansion: 6 }),
  },
  {
    file: 'inverted_residual_s2',
    norm: mobile,
    style: { activation: 'relu6' },
    layers: inverted,
    build: (style, [x]) =>
      invertedResidual(style, x!, { name: 'block', filters: 4, stride: 2, expansion: 6 }),
  },
  {
    file: 'dense_block_bc',
    norm: { epsilon: 1.001e-5, momentum: 0.99, scale: true },
    layers: {
      l1_conv1: 'dense.1.conv1',
      l1_conv2: 'dense.1.conv2',
      l2_conv1: 'dense.2.conv1',
      l2_conv2: 'dense.2.conv2',
      tr_conv: 'transition.conv',
      l1_bn1: 'dense.1.conv1.norm',
      l1_bn2: 'dense.1.conv2.norm',
      l2_bn1: 'dense.2.conv1.norm',
      l2_bn2: 'dense.2.conv2.norm',
      tr_bn: 'transition.conv.norm',
    },
    build(style, [x]) {
      const { all } = denseBlock(style, x!, 2, { name: 'dense', growth: 3, bottleneck: 6 });
      return transition(style, all, 'transition', 5);
    },
  },
  {
    file: 'tiramisu_td_tu',
    norm: { epsilon: 1e-4, momentum: 0.9, scale: true },
    style: { bias: true },
    layers: { d1: 'down.1.conv', td: 'td.conv', d2: 'bottom.conv', tu: 'tu.up' },
    build(style, [x]) {
      const skip = denseBlock(style, x!, 1, { name: 'down', growth: 3 }).all;
      const made = denseLayer(style, transitionDown(style, skip, 'td'), { name: 'bottom', growth: 3 });
      return transitionUp(style, made, skip, 'tu');
    },
  },
  {
    file: 'segnet_pool_unpool',
    norm: residual,
    style: { bias: true },
    layers: { enc: 'encoder1.conv1', mid: 'middle', dec: 'head' },
    build(style, [x]) {
      const encoded = segnetEncoder(style, x!, { level: 1, filters: [4] });
      const middle = convNormRelu(style, encoded.pooled, { name: 'middle', filters: 4, size: 3 });
      const unpooled = segnetDecoder(style, middle, encoded, { level: 1, filters: [] });
      return conv(style, unpooled, { name: 'head', filters: 3, size: 3 }, true);
    },
  },
  {
    file: 'unet_up_nearest_concat',
    norm: residual,
    layers: { upconv: 'decoder1.up', ...decoder },
    build: (style, [x, skip]) => decoderStep(style, x!, skip!, 4, { upSampling: 'nearest' }),
  },
  {
    file: 'unet_up_bilinear_halfpixel_concat',
    norm: residual,
    layers: decoder,
    build: (style, [x, skip]) => decoderStep(style, x!, skip!, 4, { upSampling: 'bilinear' }),
  },
  {
    file: 'unet_up_bilinear_aligncorners_concat',
    norm: residual,
    layers: decoder,
    build: (style, [x, skip]) => decoderStep(style, x!, skip!, 4, { upSampling: 'bilinearAligned' }),
  },
  {
    file: 'unet_valid_crop_concat',
    norm: 'none',
    layers: { up: 'decoder1.up', ...decoder },
    build: (style, [x, skip]) => decoderStep(style, x!, skip!, 3, { upFilters: 2, padding: 'valid' }),
  },
  {
    file: 'unetpp_node',
    norm: 'none',
    layers: { up: 'node.up', conv1: 'node.conv1', conv2: 'node.conv2' },
    build: (style, [x00, x01, x11]) =>
      nestedNode(style, x11!, [x00!, x01!], { name: 'node', filters: [3, 3] }),
  },
  {
    file: 'resunet_unit_s2',
    norm: residual,
    style: { bias: true },
    layers: {
      conv1: 'unit.conv1',
      bn1: 'unit.conv1.norm',
      conv2: 'unit.conv2',
      bn2: 'unit.conv2.norm',
      skip: 'unit.shortcut',
    },
    build: (style, [x]) => residualUnit(style, x!, 'unit', 6, { stride: 2 }),
  },
  {
    file: 'conv3d_bn_pool_up',
    norm: residual,
    layers: {
      conv1: 'encoder1.conv1',
      bn1: 'encoder1.conv1.norm',
      conv2: 'middle.conv1',
      bn2: 'middle.conv1.norm',
      up: 'decoder1.up',
    },
    build(style, [x]) {
      const { skip, pooled } = encoderStep3d(style, x!, { level: 1, filters: [3] });
      const middle = convolutions3d(style, pooled, 'middle', { filters: [4] });
      return decoderStep3d(style, middle, skip, { level: 1, upFilters: 3, filters: [] });
    },
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

test('every block of the golden numbers is compared', () => {
  const folder = new URL('../golden/blocks/', import.meta.url);
  const files = readdirSync(folder).map((file) => file.replace('.json.gz', ''));
  // Single operations have their own test, test/engine/gradients/primitives.test.ts.
  const compared = ['primitives', ...cases.map(({ file }) => file)];
  assert.deepEqual(compared.sort(), files.sort());
});

for (const engine of engines) {
  describe(`blocks of nets match TensorFlow and PyTorch on ${engine.name}`, () => {
    for (const { file, norm, style: overrides, layers, build } of cases) {
      test(file, async () => {
        await engine.use();
        const golden = loadGolden<BlockFile>(`blocks/${file}`);
        const style: Style = { random: createRandom(1), kernel: heNormal, norm, ...overrides };
        const inputs = Object.values(golden.inputs).map(({ shape }) => tf.input({ shape: shape.slice(1) }));
        const model = tf.model({ inputs, outputs: build(style, inputs) });
        const reference = { ...golden, weights: allWeights(golden) };
        await assertMatches({ model, reference, layers });
        if (inputs.length === 1) await assertPlanMatches({ model, reference, layers });
        model.dispose();
      });
    }
  });
}
