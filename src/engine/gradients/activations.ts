import * as tf from '@tensorflow/tfjs';
import { hasKernel, runKernel } from '../ops/kernels.ts';

/** Both save their output, which the next layer holds anyway, instead of their input. */
export const reluGradient: tf.GradConfig = {
  kernelName: 'Relu',
  outputsToSave: [true],
  gradFunc: (upstream, [y]) => {
    const dy = upstream as tf.Tensor;
    const slope = () => tf.cast(tf.greater(y!, 0), 'float32');
    return { x: () => (hasKernel('ReluGrad') ? runKernel('ReluGrad', { dy, y: y! }) : tf.mul(dy, slope())) };
  },
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
