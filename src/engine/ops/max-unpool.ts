import * as tf from '@tensorflow/tfjs';
import { hasKernel, runKernel, runKernelOutputs } from './kernels.ts';

type Pair = [height: number, width: number];

export interface PooledWithIndices {
  /** `[batch, outHeight, outWidth, channels]` */
  readonly pooled: tf.Tensor4D;
  /** int32, of the same shape: where in its image, `(row · width + column) · channels + channel`, each was found. */
  readonly indices: tf.Tensor4D;
}

/** Max-pooling that remembers where each maximum was: the first of equal ones. Differentiable. */
export function maxPoolWithIndices(
  x: tf.Tensor4D,
  filterSize: Pair | number,
  strides: Pair | number,
  pad: 'same' | 'valid',
): PooledWithIndices {
  const attributes = { filterSize, strides, pad, includeBatchInIndex: false };
  const [pooled, indices] = runKernelOutputs('MaxPoolWithArgmax', { x }, attributes);
  return { pooled, indices } as PooledWithIndices;
}

/**
 * Puts each value of `x` `[batch, height, width, channels]` where `indices`, of `maxPoolWithIndices`, says, in images
 * `[...size, channels]` of zeros. Values that meet, where windows overlapped, are added. Differentiable in `x`.
 *
 * Badrinarayanan et al. 2017 (SegNet), arXiv:1511.00561, section 3.
 */
export function maxUnpool(x: tf.Tensor4D, indices: tf.Tensor4D, size: Pair): tf.Tensor4D {
  const run = hasKernel('MaxUnpool')
    ? runKernel('MaxUnpool', { x, indices }, { size })
    : compose(x, indices, size);
  return run as tf.Tensor4D;
}

function compose(x: tf.Tensor4D, indices: tf.Tensor4D, [height, width]: Pair): tf.Tensor {
  const [batch, , , channels] = x.shape;
  const cells = height * width * channels;
  return tf.tidy(() => {
    const starts = tf.reshape(tf.mul(tf.range(0, batch, 1, 'int32'), tf.scalar(cells, 'int32')), [
      batch,
      1,
      1,
      1,
    ]);
    const places = tf.reshape(tf.add(indices, starts), [-1]) as tf.Tensor1D;
    const scatter = tf.customGrad((...inputs) => {
      const [values, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
      save([places]);
      return {
        value: tf.scatterND(tf.expandDims(places, 1), values, [batch * cells]),
        gradFunc: (dy, [saved]) => tf.gather(dy, saved as tf.Tensor1D),
      };
    });
    return tf.reshape(scatter(tf.reshape(x, [-1])), [batch, height, width, channels]);
  });
}
