// Initial weights out of the run's random streams.
//
// tfjs' own draw unseeded by default, and its He and Glorot normal are normals cut at two standard deviations
// without making up for the cut: 12 % narrower than their name says, and than Keras' are.

import * as tf from '@tensorflow/tfjs';
import type { Random } from '../random.ts';

/** What `kernelInitializer` and its like take; saved with the model as the standard tfjs class of the same distribution. */
export type Initialiser = ReturnType<typeof tf.initializers.randomNormal>;

type Draw = (random: Random, fanIn: number, fanOut: number) => Initialiser;

/**
 * A rule for initial weights: the distribution that suits a unit with `fanIn` inputs and `fanOut` places
 * where its input is used.
 */
export interface WeightRule extends Draw {
  /** How the fans are counted. Default: `unitFans`. */
  readonly fans?: Fans;
  /** The rule for biases, with the fans of the kernel. Default: they start at 0. */
  readonly bias?: Draw;
}

/** A convolution of `size` places (9 for 3 × 3), or a fully connected layer, of size 1. */
export interface Kernel {
  readonly size: number;
  readonly inputs: number;
  readonly filters: number;
  /** Default: 1. As many as inputs and filters: a depthwise convolution. */
  readonly groups?: number;
  /** Of a transposed convolution: the places of its output for each of its input, 4 for a stride of 2 on images. */
  readonly transposed?: number;
}

type Fans = (kernel: Kernel) => readonly [fanIn: number, fanOut: number];

/** What a unit really sees, and how many see what it sees. */
const unitFans: Fans = ({ size, inputs, filters, groups = 1, transposed = 1 }) => [
  (size * inputs) / groups / transposed,
  (size * filters) / groups,
];

/**
 * As `torch.nn.init._calculate_fan_in_and_fan_out`: off the shape of the kernel, so that groups count in the first
 * alone, and a transposed convolution has its fans exchanged.
 */
const torchFans: Fans = ({ size, inputs, filters, groups = 1, transposed }) =>
  transposed ? [size * filters, size * inputs] : [(size * inputs) / groups, size * filters];

/** As `compute_fans` of keras/initializers: the same, but a depthwise kernel counts all channels as its inputs. */
const kerasFans: Fans = (kernel) => {
  const { size, inputs, filters, groups = 1 } = kernel;
  const depthwise = groups > 1 && groups === inputs && groups === filters;
  return depthwise ? [size * inputs, size] : torchFans(kernel);
};

/** The initialisers of a layer, its biases being drawn from the stream `bias` below that of its kernel. */
export function initialisersOf(
  rule: WeightRule,
  random: Random,
  kernel: Kernel,
): { readonly kernelInitializer: Initialiser; readonly biasInitializer?: Initialiser } {
  const [fanIn, fanOut] = (rule.fans ?? unitFans)(kernel);
  return {
    kernelInitializer: rule(random, fanIn, fanOut),
    ...(rule.bias && { biasInitializer: rule.bias(random.stream('bias'), fanIn, fanOut) }),
  };
}

function drawnBy(initialiser: Initialiser, draw: (length: number) => Float32Array): Initialiser {
  initialiser.apply = (shape) => tf.tensor(draw(tf.util.sizeFromShape(shape as number[])), shape as number[]);
  return initialiser;
}

function normal(random: Random, standardDeviation: number): Initialiser {
  const saved = tf.initializers.randomNormal({
    mean: 0,
    stddev: standardDeviation,
    seed: random.integerSeed(),
  });
  return drawnBy(saved, (length) => random.normals(length, 0, standardDeviation));
}

/** What cutting a standard normal at ± 2 leaves of its standard deviation; the constant in keras/initializers. */
const leftByCut = 0.879_625_661_034_239_8;

/** A normal cut at two of its own standard deviations, as wide after the cut as `standardDeviation` says. */
function cutNormal(random: Random, standardDeviation: number): Initialiser {
  const stddev = standardDeviation / leftByCut;
  const saved = tf.initializers.truncatedNormal({ mean: 0, stddev, seed: random.integerSeed() });
  return drawnBy(saved, (length) => {
    const values = random.normals(length, 0, stddev);
    for (let i = 0; i < length; i++) {
      while (Math.abs(values[i] as number) > 2 * stddev) values[i] = stddev * random.normal();
    }
    return values;
  });
}

function uniform(random: Random, limit: number): Initialiser {
  const saved = tf.initializers.randomUniform({ minval: -limit, maxval: limit, seed: random.integerSeed() });
  return drawnBy(saved, (length) => random.uniforms(length, -limit, limit));
}

/** Keeps the variance of activations through convolutions and ReLU. He et al. 2015, arXiv:1502.01852, equation 10. */
export const heNormal: WeightRule = (random, fanIn) => normal(random, Math.sqrt(2 / fanIn));

/** Keeps the variance of gradients instead: He et al. 2015, equation 14. PyTorch's ResNets start from it. */
export const heNormalFanOut: WeightRule = (random, _fanIn, fanOut) => normal(random, Math.sqrt(2 / fanOut));

/** Of the variance of `heNormal`. */
export const heUniform: WeightRule = (random, fanIn) => uniform(random, Math.sqrt(6 / fanIn));

/** Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks, equation 16. Keras' default. */
export const glorotUniform: WeightRule = (random, fanIn, fanOut) =>
  uniform(random, Math.sqrt(6 / (fanIn + fanOut)));

/** Of the variance of `glorotUniform`: Glorot and Bengio 2010, equation 12. */
export const glorotNormal: WeightRule = (random, fanIn, fanOut) =>
  normal(random, Math.sqrt(2 / (fanIn + fanOut)));

/** Uniform in ±1/√fanIn, PyTorch's default of fully connected layers; biases start at 0. */
export const fanInUniform: WeightRule = (random, fanIn) => uniform(random, Math.sqrt(1 / fanIn));

/** `tf.keras.initializers.HeNormal`. */
export const kerasHeNormal: WeightRule = Object.assign(
  (random: Random, fanIn: number) => cutNormal(random, Math.sqrt(2 / fanIn)),
  { fans: kerasFans },
);

/** `tf.keras.initializers.GlorotNormal`. */
export const kerasGlorotNormal: WeightRule = Object.assign(
  (random: Random, fanIn: number, fanOut: number) => cutNormal(random, Math.sqrt(2 / (fanIn + fanOut))),
  { fans: kerasFans },
);

/** `tf.keras.initializers.HeUniform`. */
export const kerasHeUniform = counted(heUniform, kerasFans);

/** `tf.keras.initializers.GlorotUniform`, the default of its layers. */
export const kerasGlorotUniform = counted(glorotUniform, kerasFans);

/** `torch.nn.init.kaiming_normal_`, for ReLU. */
export const torchHeNormal = counted(heNormal, torchFans);

/** `torch.nn.init.kaiming_normal_` with `mode="fan_out"`, for ReLU: torchvision's ResNets and ResNeXts. */
export const torchHeNormalFanOut = counted(heNormalFanOut, torchFans);

/** `torch.nn.init.kaiming_uniform_`, for ReLU. */
export const torchHeUniform = counted(heUniform, torchFans);

/** What PyTorch's layers start from by themselves: kernels and biases uniform in ±1/√fanIn. */
export const torchDefault: WeightRule = Object.assign(counted(fanInUniform, torchFans), {
  bias: fanInUniform,
});

function counted(rule: WeightRule, fans: Fans): WeightRule {
  const draw: Draw = (random, fanIn, fanOut) => rule(random, fanIn, fanOut);
  return Object.assign(draw, { fans });
}

/**
 * Under the names that nets' option `initialiser` takes. Those named after a framework are as it has them: where
 * convolutions are grouped, depthwise or transposed, it counts fans otherwise than a unit sees them.
 */
export const INITIALISERS = {
  heNormal,
  heNormalFanOut,
  heUniform,
  glorotNormal,
  glorotUniform,
  fanInUniform,
  kerasHeNormal,
  kerasHeUniform,
  kerasGlorotNormal,
  kerasGlorotUniform,
  torchHeNormal,
  torchHeNormalFanOut,
  torchHeUniform,
  torchDefault,
};
export type InitialiserName = keyof typeof INITIALISERS;
