// Every differentiable operation that a net, a loss or an attack uses, on every engine: batch 2, height ≠ width.

import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { gelu, silu } from '../../../src/engine/ops/activations.ts';
import { sparseCrossEntropy } from '../../../src/engine/ops/cross-entropy.ts';
import { groupNorm } from '../../../src/engine/ops/group-norm.ts';
import { groupedConv2d } from '../../../src/engine/ops/grouped-conv2d.ts';
import { maxPoolWithIndices, maxUnpool } from '../../../src/engine/ops/max-unpool.ts';
import { engines } from '../engines.ts';
import { checkGradients, distinctValues, type Operation } from '../finite-differences.ts';

type Shape = number[];
type Case = [name: string, operation: Operation, ...shapes: Shape[]];

const image: Shape = [2, 5, 6, 2];
const t4 = (x: tf.Tensor) => x as tf.Tensor4D;
const t5 = (x: tf.Tensor) => x as tf.Tensor5D;

const activations: Case[] = [
  ['relu', (x) => tf.relu(x), image],
  // Spread over both kinks, at 0 and at 6.
  ['relu6', (x) => tf.relu6(tf.mul(x, 9)), [2, 3, 5]],
  ['leakyRelu', (x) => tf.leakyRelu(x), image],
  ['elu', (x) => tf.elu(x), image],
  ['sigmoid', (x) => tf.sigmoid(x), image],
  ['tanh', (x) => tf.tanh(x), image],
  ['softplus', (x) => tf.softplus(x), image],
  ['silu', (x) => silu(tf.mul(x!, 3)), [2, 3, 5]],
  ['gelu', (x) => gelu(tf.mul(x!, 3)), [2, 3, 5]],
  ['gelu, tanh', (x) => gelu(tf.mul(x!, 3), 'tanh'), [2, 3, 5]],
  ['localResponseNormalization', (x) => tf.localResponseNormalization(t4(x!), 2, 1, 0.5, 0.75), [2, 2, 3, 7]],
  ['softmax', (x) => tf.softmax(x), image],
  ['logSoftmax', (x) => tf.logSoftmax(x), image],
  ['logSumExp', (x) => tf.logSumExp(x, -1), image],
];

type Padding = Parameters<typeof tf.conv2d>[3];
/** Of images, before and after: neither the same above and below nor left and right. */
const uneven: Padding = [
  [0, 0],
  [2, 1],
  [0, 2],
  [0, 0],
];

const convolution =
  (strides: number, pad: Padding, dilations: number | [number, number] = 1): Operation =>
  (x, filter) =>
    tf.conv2d(t4(x!), t4(filter!), strides, pad, 'NHWC', dilations);
const depthwise =
  (strides: number, pad: Padding, dilations: number | [number, number] = 1): Operation =>
  (x, filter) =>
    tf.depthwiseConv2d(t4(x!), t4(filter!), strides, pad, 'NHWC', dilations);

const convolutions: Case[] = [
  ['conv2d same', convolution(1, 'same'), image, [3, 2, 2, 3]],
  ['conv2d same, stride 2', convolution(2, 'same'), image, [3, 3, 2, 3]],
  ['conv2d valid', convolution(1, 'valid'), image, [3, 3, 2, 3]],
  ['conv2d same, dilation 2', convolution(1, 'same', 2), image, [3, 2, 2, 3]],
  ['conv2d valid, dilation 2 × 1', convolution(1, 'valid', [2, 1]), image, [2, 3, 2, 3]],
  ['conv2d, padding 1, stride 2', convolution(2, 1), image, [3, 3, 2, 3]],
  ['conv2d, uneven padding', convolution(2, uneven), image, [3, 2, 2, 3]],
  ['conv2d, padding 2, dilation 2', convolution(1, 2, 2), image, [3, 3, 2, 3]],
  ['depthwiseConv2d, padding 1, stride 2', depthwise(2, 1), image, [3, 3, 2, 2]],
  ['depthwiseConv2d, uneven padding, dilation 2', depthwise(1, uneven, 2), image, [3, 2, 2, 2]],
  ['depthwiseConv2d same', depthwise(1, 'same'), image, [3, 3, 2, 1]],
  ['depthwiseConv2d same, stride 2, multiplier 2', depthwise(2, 'same'), image, [3, 3, 2, 2]],
  ['depthwiseConv2d same, dilation 2', depthwise(1, 'same', 2), image, [3, 2, 2, 1]],
  ['depthwiseConv2d valid, dilation 1 × 2, multiplier 2', depthwise(1, 'valid', [1, 2]), image, [3, 2, 2, 2]],
  [
    'conv2dTranspose same, stride 2',
    (x, filter) => tf.conv2dTranspose(t4(x!), t4(filter!), [2, 10, 12, 3], 2, 'same'),
    image,
    [3, 3, 3, 2],
  ],
  [
    'conv2dTranspose, padding 1, stride 2',
    (x, filter) => tf.conv2dTranspose(t4(x!), t4(filter!), [2, 9, 11, 3], 2, 1),
    image,
    [3, 3, 3, 2],
  ],
  [
    'conv3d same, stride 2',
    (x, filter) => tf.conv3d(t5(x!), t5(filter!), 2, 'same'),
    [2, 3, 4, 5, 2],
    [2, 2, 3, 2, 2],
  ],
  [
    'conv3d same, 1 × 1 × 1, stride 2',
    (x, filter) => tf.conv3d(t5(x!), t5(filter!), 2, 'same'),
    [2, 3, 4, 6, 2],
    [1, 1, 1, 2, 3],
  ],
  [
    'conv3dTranspose same, stride 2',
    (x, filter) => tf.conv3dTranspose(t5(x!), t5(filter!), [2, 4, 6, 4, 2], 2, 'same'),
    [2, 2, 3, 2, 2],
    [2, 2, 3, 2, 2],
  ],
  [
    'groupedConv2d same, 2 groups',
    (x, filter) => groupedConv2d(t4(x!), t4(filter!), { groups: 2, strides: 1, pad: 'same' }),
    [2, 5, 4, 4],
    [3, 2, 2, 6],
  ],
  [
    'groupedConv2d valid, stride 2, 3 groups',
    (x, filter) => groupedConv2d(t4(x!), t4(filter!), { groups: 3, strides: 2, pad: 'valid' }),
    [2, 5, 6, 3],
    [3, 3, 1, 3],
  ],
  [
    'groupedConv2d, 1 × 1, stride 2',
    (x, filter) => groupedConv2d(t4(x!), t4(filter!), { groups: 2, strides: 2, pad: 'same' }),
    [2, 4, 6, 4],
    [1, 1, 2, 4],
  ],
  [
    'groupedConv2d, dilation 2',
    (x, filter) => groupedConv2d(t4(x!), t4(filter!), { groups: 2, strides: 1, pad: 'same', dilations: 2 }),
    [2, 5, 4, 4],
    [2, 3, 2, 4],
  ],
  [
    'fused.conv2d with bias',
    (x, filter, bias) =>
      tf.fused.conv2d({ x: t4(x!), filter: t4(filter!), bias: bias!, strides: 2, pad: 'same' }),
    image,
    [3, 3, 2, 3],
    [3],
  ],
  [
    'fused.conv2d with bias and dilation',
    (x, filter, bias) =>
      tf.fused.conv2d({ x: t4(x!), filter: t4(filter!), bias: bias!, strides: 1, pad: 'same', dilations: 2 }),
    image,
    [3, 3, 2, 3],
    [3],
  ],
  [
    'fused.matMul with bias',
    (a, b, bias) => tf.fused.matMul({ a: a!, b: b!, bias: bias! }),
    [4, 3],
    [3, 5],
    [5],
  ],
];

const unevenWindows: tf.backend_util.ExplicitPadding = [
  [0, 0],
  [1, 2],
  [0, 1],
  [0, 0],
];

const pooling: Case[] = [
  ['maxPool same, 3/2', (x) => tf.maxPool(t4(x!), 3, 2, 'same'), image],
  ['maxPool valid, 2/2', (x) => tf.maxPool(t4(x!), 2, 2, 'valid'), image],
  ['maxPool, padding 1, 3/2', (x) => tf.maxPool(t4(x!), 3, 2, 1), image],
  ['avgPool, padding 1, 3/2', (x) => tf.avgPool(t4(x!), 3, 2, 1), image],
  ['avgPool, padding 1, 2/1', (x) => tf.avgPool(t4(x!), 2, 1, 1), image],
  ['avgPool same, 3/1', (x) => tf.avgPool(t4(x!), 3, 1, 'same'), image],
  ['avgPool same, 3/2', (x) => tf.avgPool(t4(x!), 3, 2, 'same'), image],
  ['avgPool same, 2 × 3 / 3 × 2', (x) => tf.avgPool(t4(x!), [2, 3], [3, 2], 'same'), image],
  ['avgPool valid, 3/2', (x) => tf.avgPool(t4(x!), 3, 2, 'valid'), image],
  ['maxPool, rounded up', (x) => tf.maxPool(t4(x!), 2, 3, 0, 'ceil'), [2, 4, 7, 2]],
  ['maxPool, padded and rounded up', (x) => tf.maxPool(t4(x!), 3, 2, 1, 'ceil'), [2, 4, 6, 2]],
  ['avgPool, rounded up', (x) => tf.avgPool(t4(x!), [2, 3], [3, 2], 0, 'ceil'), [2, 4, 6, 2]],
  ['avgPool, padded and rounded', (x) => tf.avgPool(t4(x!), 3, [3, 2], 1, 'round'), image],
  ['avgPool with padding on some sides', (x) => tf.avgPool(t4(x!), 3, 1, unevenWindows), image],
  ['maxPool with padding on some sides', (x) => tf.maxPool(t4(x!), 3, 2, unevenWindows), image],
  ['avgPool3d same, 3/2', (x) => tf.avgPool3d(t5(x!), 3, 2, 'same'), [2, 3, 4, 5, 2]],
  ['maxPool3d valid, 1 × 3 × 2 / 1', (x) => tf.maxPool3d(t5(x!), [1, 3, 2], 1, 'valid'), [2, 3, 4, 5, 2]],
  ['maxPool3d same, 2/2', (x) => tf.maxPool3d(t5(x!), 2, 2, 'same'), [2, 3, 4, 5, 2]],
  ['maxPoolWithIndices', (x) => maxPoolWithIndices(t4(x!), 3, 2, 'same').pooled, image],
  [
    'maxPoolWithArgmax over the batch',
    (x) => tf.maxPoolWithArgmax(t4(x!), 2, 2, 'valid', true).result as tf.Tensor,
    image,
  ],
  [
    'maxUnpool',
    (x, values) => {
      const { indices } = maxPoolWithIndices(tf.zeros<tf.Rank.R4>([2, 4, 6, 2]), 2, 2, 'valid');
      return tf.add(maxUnpool(t4(values!), indices, [4, 6]), x!);
    },
    [2, 4, 6, 2],
    [2, 2, 3, 2],
  ],
  ['max over an image', (x) => tf.max(x!, [1, 2]), image],
];

const resizing: Case[] = [
  ['resizeNearestNeighbor ×2', (x) => tf.image.resizeNearestNeighbor(t4(x!), [10, 12]), image],
  ['resizeNearestNeighbor down', (x) => tf.image.resizeNearestNeighbor(t4(x!), [3, 4]), image],
  ['resizeNearestNeighbor, aligned', (x) => tf.image.resizeNearestNeighbor(t4(x!), [8, 7], true), image],
  ['resizeBilinear', (x) => tf.image.resizeBilinear(t4(x!), [10, 12]), image],
  ['resizeBilinear down', (x) => tf.image.resizeBilinear(t4(x!), [3, 4]), image],
  ['resizeBilinear, aligned', (x) => tf.image.resizeBilinear(t4(x!), [8, 7], true), image],
  ['resizeBilinear, half pixels', (x) => tf.image.resizeBilinear(t4(x!), [10, 12], false, true), image],
  ['resizeBilinear, half pixels, down', (x) => tf.image.resizeBilinear(t4(x!), [3, 4], false, true), image],
];

const moving: Case[] = [
  [
    'mirrorPad reflect',
    (x) =>
      tf.mirrorPad(
        x!,
        [
          [0, 0],
          [2, 1],
          [0, 3],
          [1, 0],
        ],
        'reflect',
      ),
    image,
  ],
  [
    'mirrorPad symmetric',
    (x) =>
      tf.mirrorPad(
        x!,
        [
          [1, 0],
          [2, 5],
          [6, 3],
          [0, 2],
        ],
        'symmetric',
      ),
    image,
  ],
  [
    'pad',
    (x) =>
      tf.pad(x!, [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ]),
    image,
  ],
  ['concat', (a, b) => tf.concat([a!, b!], -1), image, [2, 5, 6, 3]],
  ['split', (x) => tf.split(x!, 2, 2)[1] as tf.Tensor, image],
  ['split into one', (x) => tf.split(x!, 1, 2)[0] as tf.Tensor, image],
  ['unstack of one', (x) => tf.unstack(x!, 1)[0] as tf.Tensor, [2, 1, 3]],
  ['unstack', (x) => tf.unstack(x!, 1)[2] as tf.Tensor, [2, 3, 4]],
  ['slice', (x) => tf.slice(x!, [0, 1, 2, 0], [2, 3, 2, 2]), image],
  ['stridedSlice', (x) => tf.stridedSlice(x!, [0, 1, 0, 0], [2, 5, 6, 2], [1, 2, 3, 1]), image],
  ['stridedSlice backwards', (x) => tf.stridedSlice(x!, [0, 4, 5, 0], [2, 0, 0, 2], [1, -3, -2, 1]), image],
  [
    'stridedSlice, one axis dropped',
    (x) => tf.stridedSlice(x!, [0, 1, 0, 1], [2, 4, 5, 2], [1, 1, 1, 1], 0, 0, 0, 0, 8),
    image,
  ],
  ['stridedSlice with ellipsis', (x) => tf.stridedSlice(x!, [0, 0], [0, 2], [1, 2], 0, 0, 1), image],
  ['transpose', (x) => tf.transpose(x!, [2, 0, 3, 1]), image],
  ['tile', (x) => tf.tile(x!, [1, 2, 1, 2]), [2, 3, 4, 2]],
  ['gather', (x) => tf.gather(x!, tf.tensor1d([3, 0, 3], 'int32'), 1), image],
  ['reverse', (x) => tf.reverse(x!, [1, 2]), image],
];

const arithmetic: Case[] = [
  ['maximum, second broadcast', (a, b) => tf.maximum(a!, b!), [2, 3, 4], [4]],
  ['minimum, first broadcast', (a, b) => tf.minimum(a!, b!), [3, 1], [2, 3, 4]],
  ['squaredDifference, both broadcast', (a, b) => tf.squaredDifference(a!, b!), [2, 1, 4], [3, 1]],
  ['clipByValue', (x) => tf.clipByValue(x!, -0.5, 0.5), [2, 3, 4]],
  ['matMul', (a, b) => tf.matMul(a!, b!), [2, 3, 4], [2, 4, 5]],
  ['matMul, first batch broadcast', (a, b) => tf.matMul(a!, b!), [1, 3, 4], [2, 4, 5]],
  ['matMul, second transposed and broadcast', (a, b) => tf.matMul(a!, b!, false, true), [2, 3, 4], [5, 4]],
  ['matMul, first transposed and broadcast', (a, b) => tf.matMul(a!, b!, true), [4, 3], [2, 4, 5]],
  ['matMul, both transposed', (a, b) => tf.matMul(a!, b!, true, true), [2, 4, 3], [1, 5, 4]],
  ['cumsum, first axis', (x) => tf.cumsum(x!, 0), [3, 4, 2]],
  ['cumsum, middle axis, exclusive, reversed', (x) => tf.cumsum(x!, 1, true, true), [3, 4, 2]],
  ['sum over the image', (x) => tf.sum(x!, [1, 2]), image],
  ['sum over the batch, axes kept', (x) => tf.sum(x!, 0, true), image],
  ['sum of all', (x) => tf.sum(x!), image],
  ['mean over the image', (x) => tf.mean(x!, [1, 2]), image],
  ['mean over channels, axes kept', (x) => tf.mean(x!, -1, true), image],
  ['mean of all', (x) => tf.mean(x!), image],
  ['sparseCrossEntropy', (z) => sparseCrossEntropy(z!, tf.tensor1d([2, 0, -1, 1], 'int32')), [4, 3]],
  [
    'batchNorm, [channels] statistics',
    (x, mean, variance, offset, scale) =>
      tf.batchNorm(
        x!,
        mean as tf.Tensor1D,
        positive(variance!) as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
      ),
    image,
    [2],
    [2],
    [2],
    [2],
  ],
  [
    'groupNorm, 2 groups',
    (x, gamma, beta) => groupNorm(x!, gamma!, beta!, { groups: 2, epsilon: 1e-3 }),
    [2, 3, 4, 6],
    [6],
    [6],
  ],
  [
    'groupNorm of rows',
    (x, gamma, beta) => groupNorm(x!, gamma!, beta!, { groups: 1, epsilon: 1e-3 }),
    [5, 6],
    [6],
    [6],
  ],
  [
    'batchNorm, rank 2',
    (x, mean, variance, offset, scale) =>
      tf.batchNorm(
        x!,
        mean as tf.Tensor1D,
        positive(variance!) as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
      ),
    [5, 3],
    [3],
    [3],
    [3],
    [3],
  ],
];

/** Values of −1 … 1 moved to where a variance can be. */
const positive = (x: tf.Tensor) => tf.add(x, 2);

for (const engine of engines) {
  describe(`gradients on ${engine.name}`, () => {
    before(() => engine.use());
    const cases = [...activations, ...convolutions, ...pooling, ...resizing, ...moving, ...arithmetic];
    for (const [name, operation, ...shapes] of cases) {
      test(name, () => {
        tf.tidy(() => {
          const inputs = shapes.map((shape, i) =>
            tf.tensor(distinctValues(tf.util.sizeFromShape(shape), i + 1), shape),
          );
          checkGradients(operation, inputs);
        });
      });
    }
  });
}
