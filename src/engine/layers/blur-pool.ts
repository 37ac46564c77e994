import * as tf from '@tensorflow/tfjs';
import { only } from './input.ts';

/** The outer product of [1, 2, 1] / 4 with itself. */
const binomial = [1, 2, 1, 2, 4, 2, 1, 2, 1].map((weight) => weight / 16);

/**
 * Halves height and width, rounded up, after a blur with [1, 2, 1] / 4 along both, so that nothing is aliased; the map
 * is reflected at its edges, whose pixels must be at least 2 each way. Zhang 2019, Making convolutional networks
 * shift-invariant again, arXiv:1904.11486, section 3.2, with 3 taps.
 */
export class BlurPool2D extends tf.layers.Layer {
  static readonly className = 'BlurPool2D';

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = only(inputs) as tf.Tensor4D;
      const channels = x.shape[3];
      const reflected = tf.mirrorPad(
        x,
        [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ],
        'reflect',
      );
      const filter = tf.tile(tf.tensor4d(binomial, [3, 3, 1, 1]), [1, 1, channels, 1]);
      return tf.depthwiseConv2d(reflected, filter, 2, 'valid');
    });
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, height, width, channels] = inputShape as [null, number, number, number];
    return [batch, Math.ceil(height / 2), Math.ceil(width / 2), channels];
  }
}
