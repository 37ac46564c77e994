import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../ops/kernels.ts';

export const sparseCrossEntropyGradient: tf.GradConfig = {
  kernelName: 'SparseCrossEntropy',
  inputsToSave: ['logits', 'labels'],
  gradFunc: (upstream, saved) => {
    const [logits, labels] = saved as [tf.Tensor, tf.Tensor];
    const dy = upstream as tf.Tensor;
    return { logits: () => runKernel('SparseCrossEntropyGrad', { logits, labels, dy }) };
  },
};
