import * as tf from '@tensorflow/tfjs';
import { hasKernel, runKernel } from '../ops/kernels.ts';

/** `dy` where `y`, the output of a relu, is positive, and 0 elsewhere. */
export function reluGrad(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  if (hasKernel('ReluGrad')) return runKernel('ReluGrad', { dy, y });
  return tf.mul(dy, tf.cast(tf.greater(y, 0), 'float32'));
}

/** Both save their output, which the next layer holds anyway, instead of their input. */
export const reluGradient: tf.GradConfig = {
  kernelName: 'Relu',
  outputsToSave: [true],
  gradFunc: (upstream, [y]) => ({ x: () => reluGrad(upstream as tf.Tensor, y!) }),
};

export const relu6Gradient: tf.GradConfig = {
  kernelName: 'Relu6',
  outputsToSave: [true],
  gradFunc: (upstream, [y]) => {
    const dy = upstream as tf.Tensor;
    const slope = () => tf.cast(tf.logicalAnd(tf.greater(y!, 0), tf.less(y!, 6)), 'float32');
    return {
      x: () => (hasKernel('Relu6Grad') ? runKernel('Relu6Grad', { dy, y: y! }) : tf.mul(dy, slope())),
    };
  },
};

/** Like these, it saves its output; both inputs have the same gradient. */
export const addReluGradient: tf.GradConfig = {
  kernelName: 'AddRelu',
  outputsToSave: [true],
  gradFunc: (upstream, [y]) => {
    const dx = reluGrad(upstream as tf.Tensor, y!);
    return { a: () => dx, b: () => dx };
  },
};
