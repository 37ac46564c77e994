import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../ops/kernels.ts';

type Pair = [height: number, width: number];

interface Pooling {
  readonly filterSize: Pair | number;
  readonly strides: Pair | number;
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil' | null;
}

const pairOf = (value: Pair | number): Pair => (typeof value === 'number' ? [value, value] : value);

/**
 * The padding with which a pooling of `x` that rounds down has the shape of `dy`.
 *
 * The gradient kernels know no rounding mode: where the forward pass rounded up, windows reach beyond the image.
 */
function paddingOf(x: tf.Tensor4D, dy: tf.Tensor4D, { filterSize, strides, pad, dimRoundingMode }: Pooling) {
  if (typeof pad !== 'number' || !dimRoundingMode || dimRoundingMode === 'floor') return pad;
  const [window, stride] = [pairOf(filterSize), pairOf(strides)];
  const along = (axis: 0 | 1): Pair => {
    const needed = (dy.shape[axis + 1]! - 1) * stride[axis] + window[axis] - x.shape[axis + 1]! - pad;
    return [pad, Math.max(pad, needed)];
  };
  return [[0, 0], along(0), along(1), [0, 0]];
}

/** Gradients of `MaxPool` and `AvgPool`; those of tfjs are wrong where the output's size was rounded up. */
function gradientOf(kernelName: string, gradientKernel: string, saveOutput: boolean): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: ['x'],
    outputsToSave: [saveOutput],
    gradFunc: (upstream, saved, attrs) => {
      const dy = upstream as tf.Tensor4D;
      const [input, output] = saved as [tf.Tensor4D, tf.Tensor4D?];
      const pooling = attrs as unknown as Pooling;
      const inputs: tf.NamedTensorMap = output ? { dy, input, output } : { dy, input };
      const { filterSize, strides } = pooling;
      const attributes = { filterSize, strides, pad: paddingOf(input, dy, pooling) };
      return { x: () => runKernel(gradientKernel, inputs, attributes) };
    },
  };
}

export const maxPoolGradient = gradientOf('MaxPool', 'MaxPoolGrad', true);
export const avgPoolGradient = gradientOf('AvgPool', 'AvgPoolGrad', false);
