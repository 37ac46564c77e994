import type * as tf from '@tensorflow/tfjs';
import { runKernelOutputs } from '../ops/kernels.ts';

/** One kernel gives all three gradients; mean and variance are constants to the backward pass. */
export const groupNormGradient: tf.GradConfig = {
  kernelName: 'GroupNorm',
  inputsToSave: ['x', 'gamma'],
  outputsToSave: [false, true, true],
  gradFunc: (upstreams, saved, attrs) => {
    const [dy] = upstreams as tf.Tensor[];
    const [x, gamma, mean, variance] = saved;
    const inputs = { x, dy, mean, variance, gamma } as tf.NamedTensorMap;
    const [dx, dgamma, dbeta] = runKernelOutputs('GroupNormGrad', inputs, attrs);
    return { x: () => dx!, gamma: () => dgamma!, beta: () => dbeta! };
  },
};
