import * as tf from '@tensorflow/tfjs';
import { stopGradient } from './stop-gradient.ts';

/** Below every activation, and finite: what a window holds beyond the edge of a map. */
const lowest = -3e38;

/**
 * Undoes a max pool of 2 × 2 windows with stride 2: puts each value of `x` where its window of `before` had its
 * maximum, the first of equals in rows, and zeros elsewhere.
 *
 * `before` `[batch, height, width, channels]` is the map before the pool; `x` has half its height and width, rounded
 * up. Differentiable in `x` only: the places are constants, as in Badrinarayanan et al. 2015, SegNet, arXiv:1511.00561.
 */
export function maxUnpool(x: tf.Tensor4D, before: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const [batch, rows, columns, channels] = x.shape;
    const [, height, width] = before.shape;
    const chosen = tf.tidy(() => firstMaxima(stopGradient(before), rows, columns));
    const placed = tf.mul(tf.reshape(x, [batch, rows, 1, columns, 1, channels]), chosen);
    const whole = tf.reshape(placed, [batch, rows * 2, columns * 2, channels]) as tf.Tensor4D;
    return tf.slice(whole, [0, 0, 0, 0], [batch, height, width, channels]);
  });
}

/** 1 at the first maximum of each window and 0 elsewhere, `[batch, rows, 2, columns, 2, channels]`. */
function firstMaxima(map: tf.Tensor4D, rows: number, columns: number): tf.Tensor {
  const [batch, height, width, channels] = map.shape;
  const edges: [number, number][] = [
    [0, 0],
    [0, rows * 2 - height],
    [0, columns * 2 - width],
    [0, 0],
  ];
  const windows = tf.reshape(tf.pad(map, edges, lowest), [batch, rows, 2, columns, 2, channels]);
  const cells = tf.reshape(tf.transpose(windows, [0, 1, 3, 5, 2, 4]), [-1, 4]);
  const chosen = tf.cast(tf.oneHot(tf.argMax(cells, 1) as tf.Tensor1D, 4), 'float32');
  return tf.transpose(tf.reshape(chosen, [batch, rows, columns, channels, 2, 2]), [0, 1, 4, 2, 5, 3]);
}
