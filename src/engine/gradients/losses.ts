import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../ops/kernels.ts';

export const sparseCrossEntropyGradient: tf.GradConfig = {
  kernelName: 'SparseCrossEntropy',
  inputsToSave: ['logits', 'labels', 'weights'],
  gradFunc: (upstream, saved, attrs) => {
    const [logits, labels, weights] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
    const dy = upstream as tf.Tensor;
    return { logits: () => runKernel('SparseCrossEntropyGrad', { logits, labels, weights, dy }, attrs) };
  },
};

export const softDiceGradient: tf.GradConfig = {
  kernelName: 'SoftDice',
  inputsToSave: ['logits', 'labels'],
  outputsToSave: [false, true],
  gradFunc: (upstreams, saved, attrs) => {
    const [logits, labels, slopes] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
    const [dy] = upstreams as [tf.Tensor];
    return { logits: () => runKernel('SoftDiceGrad', { logits, labels, slopes, dy }, attrs) };
  },
};
