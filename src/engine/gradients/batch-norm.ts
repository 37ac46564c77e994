import * as tf from '@tensorflow/tfjs';
import { runKernelOutputs } from '../ops/kernels.ts';
import { sumToShape } from './shapes.ts';

/** With batch statistics: one kernel gives all gradients. */
export const batchNormTrainGradient: tf.GradConfig = {
  kernelName: 'BatchNormTrain',
  inputsToSave: ['x', 'gamma'],
  // The output is what the next layer saves anyway.
  outputsToSave: [true, true, true],
  gradFunc: (upstreams, saved, attrs) => {
    const [dy] = upstreams as tf.Tensor[];
    const [x, gamma, y, mean, variance] = saved;
    const inputs = { x, dy, mean, variance, gamma, ...(attrs.relu ? { y } : {}) } as tf.NamedTensorMap;
    const [dx, dgamma, dbeta, dresidual] = runKernelOutputs('BatchNormTrainGrad', inputs, attrs);
    return { x: () => dx!, gamma: () => dgamma!, beta: () => dbeta!, residual: () => dresidual! };
  },
};

/**
 * With given statistics. Only what lies on the path is computed: the gradient of the input, all that an
 * attack asks for, is one multiplication of the size of the input.
 */
export const fusedBatchNormGradient: tf.GradConfig = {
  kernelName: 'FusedBatchNorm',
  inputsToSave: ['x', 'mean', 'variance', 'scale'],
  gradFunc: (upstream, saved, attrs) => {
    const dy = upstream as tf.Tensor;
    const [x, mean, variance, scale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const inverse = () => tf.rsqrt(tf.add(variance, attrs.varianceEpsilon as number));
    const centred = () => tf.sub(x, mean);
    const summed = (term: tf.Tensor) => sumToShape(term, mean.shape);
    return {
      x: () => tf.mul(dy, tf.mul(scale, inverse())),
      offset: () => summed(dy),
      scale: () => tf.mul(summed(tf.mul(dy, centred())), inverse()),
      mean: () => tf.neg(tf.mul(summed(dy), tf.mul(scale, inverse()))),
      variance: () => {
        const slope = tf.mul(tf.mul(scale, tf.pow(inverse(), 3)), -0.5);
        return tf.mul(summed(tf.mul(dy, centred())), slope);
      },
    };
  },
};
