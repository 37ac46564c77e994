import * as tf from '@tensorflow/tfjs';
import { runKernel } from '../ops/kernels.ts';
import { bilinearTaps, type ResizeConvention, type Taps } from './interpolation.ts';

/** Where the kernel knows half-pixel centres: `cpu` by our correction, and what copies or rewrites it. */
const knowsHalfPixels = new Set(['cpu', 'onednn']);

/** The kernels of other backends ignore `halfPixelCenters`: there, two products with the interpolation matrices. */
export const resizeBilinearGradient: tf.GradConfig = {
  kernelName: 'ResizeBilinear',
  inputsToSave: ['images'],
  gradFunc: (upstream, saved, attrs) => {
    const dy = upstream as tf.Tensor4D;
    const images = saved[0] as tf.Tensor4D;
    const convention = attrs as unknown as ResizeConvention;
    const compose = convention.halfPixelCenters && !knowsHalfPixels.has(tf.getBackend());
    return {
      images: () =>
        compose
          ? transposedInterpolation(dy, images.shape, convention)
          : runKernel('ResizeBilinearGrad', { dy, images }, attrs),
    };
  },
};

function transposedInterpolation(
  dy: tf.Tensor4D,
  [batch, height, width, channels]: [number, number, number, number],
  convention: ResizeConvention,
): tf.Tensor {
  const [, outputHeight, outputWidth] = dy.shape;
  const rows = interpolationMatrix(bilinearTaps(height, outputHeight, convention), height);
  const columns = interpolationMatrix(bilinearTaps(width, outputWidth, convention), width);
  const fewerRows = tf.matMul(rows, tf.reshape(dy, [batch, outputHeight, outputWidth * channels]), true);
  const lines = tf.reshape(fewerRows, [batch * height, outputWidth, channels]);
  return tf.reshape(tf.matMul(columns, lines, true), [batch, height, width, channels]);
}

/** `[outputs, inputs]`: each row holds the weights of one output. */
function interpolationMatrix({ low, high, fraction }: Taps, inputs: number): tf.Tensor2D {
  const weights = new Float32Array(low.length * inputs);
  for (let i = 0; i < low.length; i++) {
    weights[i * inputs + low[i]!]! += 1 - fraction[i]!;
    weights[i * inputs + high[i]!]! += fraction[i]!;
  }
  return tf.tensor2d(weights, [low.length, inputs]);
}
