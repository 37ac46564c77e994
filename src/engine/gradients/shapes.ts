import * as tf from '@tensorflow/tfjs';
import { hasKernel, runKernel } from '../ops/kernels.ts';

/** Sums `x` over the axes along which a tensor of `shape` was broadcast to it: the gradient of broadcasting. */
export function sumToShape(x: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, x.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(x, axes) : x, shape);
}

/** Repeats `x` along its axes of length 1. */
export function broadcastToShape(x: tf.Tensor, shape: number[]): tf.Tensor {
  return hasKernel('BroadcastTo') ? runKernel('BroadcastTo', { x }, { shape }) : tf.broadcastTo(x, shape);
}
