import * as tf from '@tensorflow/tfjs';
import { broadcastToShape } from './shapes.ts';

/** `dy` with the reduced axes back, as axes of length 1. */
function withReducedAxes(dy: tf.Tensor, shape: number[], axis: number | number[]): tf.Tensor {
  const axes = new Set(tf.util.parseAxisParam(axis, shape));
  return tf.reshape(
    dy,
    shape.map((length, i) => (axes.has(i) ? 1 : length)),
  );
}

/** tfjs multiplies by a tensor of ones of the size of the input; repeating is enough. */
export const sumGradient: tf.GradConfig = {
  kernelName: 'Sum',
  inputsToSave: ['x'],
  gradFunc: (upstream, saved, attrs) => {
    const { shape } = saved[0]!;
    const dy = upstream as tf.Tensor;
    return { x: () => broadcastToShape(withReducedAxes(dy, shape, attrs.axis as number[]), shape) };
  },
};

export const meanGradient: tf.GradConfig = {
  kernelName: 'Mean',
  inputsToSave: ['x'],
  gradFunc: (upstream, saved, attrs) => {
    const { shape, size } = saved[0]!;
    const dy = upstream as tf.Tensor;
    const share = () => tf.div(dy, size / dy.size);
    return { x: () => broadcastToShape(withReducedAxes(share(), shape, attrs.axis as number[]), shape) };
  },
};

/** tfjs transposes the result where `axis` is not the last. */
export const cumsumGradient: tf.GradConfig = {
  kernelName: 'Cumsum',
  inputsToSave: ['x'],
  gradFunc: (upstream, _saved, attrs) => {
    const { axis, exclusive, reverse } = attrs as { axis: number; exclusive: boolean; reverse: boolean };
    return { x: () => tf.cumsum(upstream as tf.Tensor, axis, exclusive, !reverse) };
  },
};
