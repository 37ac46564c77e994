import * as tf from '@tensorflow/tfjs';
import { maxUnpool } from '../../engine/ops/max-unpool.ts';

/**
 * Takes `[x, before]`: a map, and the one before the 2 × 2 max pool that it is to undo. Puts each value of `x` where
 * its window of `before` had its maximum, the first of equals, and zeros elsewhere.
 */
export class MaxUnpooling2D extends tf.layers.Layer {
  static readonly className = 'MaxUnpooling2D';

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x, before] = inputs as [tf.Tensor4D, tf.Tensor4D];
    return maxUnpool(x, before);
  }

  override computeOutputShape(inputShapes: tf.Shape | tf.Shape[]): tf.Shape {
    const [x, before] = inputShapes as [tf.Shape, tf.Shape];
    return [...before.slice(0, -1), x.at(-1) as number];
  }
}

tf.serialization.registerClass(MaxUnpooling2D);
