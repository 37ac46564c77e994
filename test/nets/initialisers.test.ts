import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { conv, dense, depthwiseConv, type Style, upConv } from '../../src/nets/blocks.ts';
import { createNet } from '../../src/nets/create.ts';
import { INITIALISERS, type InitialiserName, type WeightRule } from '../../src/nets/initialisers.ts';
import { createRandom } from '../../src/random.ts';
import { noTensorLeak } from '../support.ts';

const [fanIn, fanOut, draws] = [50, 18, 100_000];

const he = 2 / fanIn;
const glorot = 2 / (fanIn + fanOut);
/** Of a normal that is cut at two deviations of its own and made wider by as much: where the cut is, in deviations of the result. */
const cut = 2 / 0.879_625_661;

/** The variance that each rule promises, and where its largest draw is, in deviations; none: it is a normal. */
const promises: Readonly<Record<InitialiserName, { variance: number; cutAt?: number }>> = {
  heNormal: { variance: he },
  heNormalFanOut: { variance: 2 / fanOut },
  heUniform: { variance: he, cutAt: Math.sqrt(3) },
  glorotNormal: { variance: glorot },
  glorotUniform: { variance: glorot, cutAt: Math.sqrt(3) },
  fanInUniform: { variance: 1 / (3 * fanIn), cutAt: Math.sqrt(3) },
  kerasHeNormal: { variance: he, cutAt: cut },
  kerasHeUniform: { variance: he, cutAt: Math.sqrt(3) },
  kerasGlorotNormal: { variance: glorot, cutAt: cut },
  kerasGlorotUniform: { variance: glorot, cutAt: Math.sqrt(3) },
  torchHeNormal: { variance: he },
  torchHeNormalFanOut: { variance: 2 / fanOut },
  torchHeUniform: { variance: he, cutAt: Math.sqrt(3) },
  torchDefault: { variance: 1 / (3 * fanIn), cutAt: Math.sqrt(3) },
};

function variance(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value ** 2, 0) / values.length;
}

describe('initial weights', () => {
  for (const [name, { variance: promised, cutAt }] of Object.entries(promises)) {
    const rule: WeightRule = INITIALISERS[name as InitialiserName];
    const drawn = () =>
      tf.tidy(() =>
        Array.from(
          rule(createRandom(3), fanIn, fanOut)
            .apply([10, draws / 10])
            .dataSync(),
        ),
      );

    test(`${name} has the mean and variance of its formula`, () => {
      const values = drawn();
      // The standard error of the variance of 100 000 normals is 0.45 %, of their mean 0.32 % of a deviation.
      assert.ok(Math.abs(variance(values) / promised - 1) < 0.02);
      const mean = values.reduce((sum, value) => sum + value, 0) / draws;
      assert.ok(Math.abs(mean) < 0.015 * Math.sqrt(promised));
    });

    test(`${name} is ${cutAt ? 'bounded where it promises' : 'not cut'}`, () => {
      const deviation = Math.sqrt(promised);
      const values = drawn().map((value) => Math.abs(value) / deviation);
      const largest = values.reduce((a, b) => Math.max(a, b));
      // 100 000 normals go beyond 3.5 deviations 47 times on average.
      if (cutAt === undefined) assert.ok(largest > 3.5);
      else assert.ok(largest <= cutAt * (1 + 1e-6) && largest > 0.99 * cutAt, `${largest}`);
      // Between the first and the second deviation.
      const between = values.filter((value) => value > 1 && value < 2).length / draws;
      const share = cutAt === undefined ? 0.2718 : cutAt === cut ? shareOfCut(1, 2) : 1 - 1 / Math.sqrt(3);
      assert.ok(Math.abs(between - share) < 0.006, `${between} is not ${share}`);
    });

    test(`${name} draws the same again`, () => assert.deepEqual(drawn(), drawn()));

    test(`${name} is saved as a distribution that tfjs knows, and as wide`, () => {
      const initialiser = rule(createRandom(3), fanIn, fanOut);
      const saved = initialiser.getConfig() as { stddev: number; maxval: number };
      const widths: Readonly<Record<string, number>> = {
        RandomNormal: saved.stddev ** 2,
        TruncatedNormal: (saved.stddev * 0.879_625_661_034_239_8) ** 2,
        RandomUniform: saved.maxval ** 2 / 3,
      };
      const saying = widths[initialiser.getClassName()]!;
      assert.ok(Math.abs(saying / promised - 1) < 1e-12);
    });
  }

  test('layers count their fans', async () => {
    await tf.setBackend('cpu');
    await noTensorLeak(() => {
      const shape = { imageShape: [8, 8, 1], classes: 64 } as const;
      const random = createRandom(1);
      const resnet = createNet({ name: 'resnet', filters: 16 }, { ...shape, task: 'classification' }, random);
      const unet = createNet(
        { name: 'unet', depth: 1, filters: 32 },
        { ...shape, task: 'segmentation' },
        random,
      );
      const expected: [tf.LayersModel, string, number][] = [
        [resnet.model, 'conv1', 2 / (7 * 7 * 16)],
        [resnet.model, 'layer2.0.conv1', 2 / (3 * 3 * 32)],
        [resnet.model, 'fc', 1 / (3 * 128)],
        [unet.model, 'encoder1.conv2', 2 / (3 * 3 * 32)],
        // A transposed convolution of stride 2 and size 2: each unit sees one pixel of 64 channels.
        [unet.model, 'decoder1.up', 2 / 64],
      ];
      for (const [model, layer, promised] of expected) {
        const values = model.getLayer(layer).weights[0]!.read().dataSync();
        // Six standard errors.
        const tolerance = 6 * Math.sqrt(2 / values.length);
        assert.ok(Math.abs(variance(values) / promised - 1) < tolerance, layer);
      }
      resnet.model.dispose();
      unet.model.dispose();
    });
  });

  /** Fans of PyTorch's layers by its own `_calculate_fan_in_and_fan_out` (2.13.0), and of Keras' by its kernels' shapes. */
  const counted: readonly {
    layer: string;
    make: (style: Style, x: tf.SymbolicTensor) => tf.SymbolicTensor;
    torch: [number, number];
    keras: [number, number];
  }[] = [
    {
      layer: 'a convolution',
      make: (style, x) => conv(style, x, { name: 'layer', filters: 8, size: 3 }, true),
      torch: [108, 72],
      keras: [108, 72],
    },
    {
      layer: 'a grouped convolution',
      make: (style, x) => conv(style, x, { name: 'layer', filters: 8, size: 3, groups: 4 }, true),
      torch: [27, 72],
      keras: [27, 72],
    },
    {
      layer: 'a depthwise convolution',
      make: (style, x) => depthwiseConv(style, x, { name: 'layer', size: 3 }),
      torch: [9, 108],
      keras: [108, 9],
    },
    {
      layer: 'a transposed convolution',
      make: (style, x) => upConv(style, x, 'layer', 8),
      torch: [32, 48],
      keras: [32, 48],
    },
    {
      layer: 'a transposed convolution of size 3',
      make: (style, x) => upConv(style, x, 'layer', 8, 3),
      torch: [72, 108],
      keras: [72, 108],
    },
    {
      layer: 'a fully connected layer',
      make: (style, x) => dense(style.random, x, 'layer', 8, style.kernel),
      torch: [12, 8],
      keras: [12, 8],
    },
  ];

  /** The fans that `rule` is asked with when a layer is made. */
  function fansOf(rule: WeightRule, make: (typeof counted)[number]['make']): number[] {
    let fans: number[] = [];
    const asked = Object.assign((...[random, fanIn, fanOut]: Parameters<WeightRule>) => {
      fans = [fanIn, fanOut];
      return rule(random, fanIn, fanOut);
    }, rule);
    const input = tf.input({ shape: [4, 4, 12] });
    const style: Style = { random: createRandom(1), kernel: asked, norm: 'none' };
    tf.model({ inputs: input, outputs: make(style, input) }).dispose();
    return fans;
  }

  for (const { layer, make, torch, keras } of counted) {
    test(`${layer} has the fans that PyTorch and Keras count`, () => {
      for (const [name, rule] of Object.entries(INITIALISERS)) {
        if (name.startsWith('torch')) assert.deepEqual(fansOf(rule, make), torch, name);
        if (name.startsWith('keras')) assert.deepEqual(fansOf(rule, make), keras, name);
      }
    });
  }

  test("PyTorch's default draws biases too, in ±1/√fanIn; others start them at 0", () => {
    const biasesOf = (kernel: WeightRule, make: (typeof counted)[number]['make']) => {
      const input = tf.input({ shape: [4, 4, 12] });
      const outputs = make({ random: createRandom(1), kernel, norm: 'none' }, input);
      const model = tf.model({ inputs: input, outputs });
      const biases = Array.from(model.weights[1]!.read().dataSync());
      model.dispose();
      return biases;
    };
    for (const { layer, make, torch } of counted.filter(({ layer }) => layer !== 'a depthwise convolution')) {
      const limit = 1 / Math.sqrt(torch[0]);
      const largest = Math.max(...biasesOf(INITIALISERS.torchDefault, make).map(Math.abs));
      assert.ok(largest > 0.4 * limit && largest <= limit, `${layer}: ${largest}, ${limit}`);
      assert.ok(biasesOf(INITIALISERS.heNormal, make).every((bias) => bias === 0));
    }
  });
});

/** The share of a cut normal, made as wide as 1 again, between two distances from its mean. */
function shareOfCut(from: number, to: number): number {
  const density = (x: number) => Math.exp(-((x * 0.879_625_661) ** 2) / 2);
  const integral = (a: number, b: number) => {
    const steps = 1000;
    const width = (b - a) / steps;
    return Array.from({ length: steps }, (_, i) => density(a + (i + 0.5) * width) * width).reduce(
      (x, y) => x + y,
    );
  };
  return integral(from, to) / integral(0, cut);
}
