// tfjs' fused convolution and matrix product, which its conv2d and dense layers use, compute all their gradients
// at once when any is asked for: an attack on the pixels pays for the gradient of every weight. While gradients are
// recorded, these run the same kernels as recorded nodes of their own, whose gradients are computed one by one.

import * as tf from '@tensorflow/tfjs';
import { isRecording, runKernel } from '../ops/kernels.ts';
import { sumToShape } from './shapes.ts';

type Conv2d = typeof tf.fused.conv2d;
type MatMul = typeof tf.fused.matMul;

const corrected = Symbol.for('medrobust.fusedOperations');

/** Replaces `tf.fused.conv2d` and `tf.fused.matMul`, once; outside of gradients they are tfjs' own. */
export function correctFusedOperations(): void {
  const fused = tf.fused as { conv2d: Conv2d; matMul: MatMul };
  if (Object.hasOwn(fused, corrected)) return;
  Object.assign(fused, {
    conv2d: recordedConv2d(fused.conv2d),
    matMul: recordedMatMul(fused.matMul),
    [corrected]: true,
  });
}

/**
 * Where the result is linear or relu of it. What this leaves to tfjs it records piece by piece, or refuses with an
 * error of its own.
 */
function takes(activation: string | null | undefined): boolean {
  return isRecording() && (activation == null || activation === 'linear' || activation === 'relu');
}

function activate<T extends tf.Tensor>(y: T, activation: string | null | undefined): T {
  return activation === 'relu' ? tf.relu(y) : y;
}

function isVector(bias: unknown, length: number): bias is tf.Tensor {
  return bias instanceof tf.Tensor && bias.rank === 1 && bias.size === length;
}

function recordedConv2d(stock: Conv2d): Conv2d {
  const conv2d = (options: Parameters<Conv2d>[0]): tf.Tensor => {
    const { x, filter, strides, pad, dataFormat = 'NHWC', dilations = [1, 1], dimRoundingMode } = options;
    const { bias, activation } = options;
    const ours =
      takes(activation) &&
      x instanceof tf.Tensor &&
      filter instanceof tf.Tensor &&
      x.rank === 4 &&
      x.shape[3] === filter.shape[2] &&
      tf.backend_util.eitherStridesOrDilationsAreOne(strides, dilations) &&
      dataFormat === 'NHWC' &&
      (bias == null || isVector(bias, filter.shape[3]));
    if (!ours) return stock(options);
    const inputs: tf.NamedTensorMap = { x, filter };
    if (bias instanceof tf.Tensor) inputs.bias = bias;
    const attributes = { strides, pad, dataFormat, dilations, dimRoundingMode };
    return runKernel('FusedConv2D', inputs, { ...attributes, activation: activation ?? 'linear' });
  };
  return conv2d as Conv2d;
}

function recordedMatMul(stock: MatMul): MatMul {
  return (options) => {
    const { a, b, transposeA = false, transposeB = false, bias, activation } = options;
    const ours =
      takes(activation) &&
      a instanceof tf.Tensor &&
      b instanceof tf.Tensor &&
      a.rank === 2 &&
      b.rank === 2 &&
      a.shape[1] === b.shape[0] &&
      !transposeA &&
      !transposeB &&
      (bias == null || isVector(bias, b.shape[1] as number));
    if (!ours) return stock(options);
    const inputs: tf.NamedTensorMap = { a: tf.expandDims(a, 0), b: tf.expandDims(b, 0) };
    if (bias instanceof tf.Tensor) inputs.bias = bias;
    const attributes = { transposeA, transposeB, activation: 'linear' };
    const y = tf.reshape(runKernel('_FusedMatMul', inputs, attributes), [a.shape[0]!, b.shape[1]!]);
    return activate(y, activation);
  };
}

/** Of the kernel with bias and no activation or transposition, as run above. */
export const fusedMatMulGradient: tf.GradConfig = {
  kernelName: '_FusedMatMul',
  inputsToSave: ['a', 'b'],
  gradFunc: (upstream, saved) => {
    const dy = upstream as tf.Tensor;
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    return {
      a: () => tf.matMul(dy, b, false, true),
      b: () => tf.matMul(a, dy, true, false),
      bias: () => sumToShape(dy, dy.shape.slice(-1)),
    };
  },
};
