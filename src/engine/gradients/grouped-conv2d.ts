import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../ops/kernels.ts';

/** The gradient of `x` and of `filter`, each computed only when it is asked for. */
export const groupedConv2dGradient: tf.GradConfig = {
  kernelName: 'GroupedConv2D',
  inputsToSave: ['x', 'filter'],
  gradFunc: (upstream, saved, attrs) => {
    const dy = upstream as tf.Tensor;
    const [x, filter] = saved as [tf.Tensor, tf.Tensor];
    const backpropInput = { ...attrs, inputShape: x.shape };
    const backpropFilter = { ...attrs, filterShape: filter.shape };
    return {
      x: () => runKernel('GroupedConv2DBackpropInput', { dy, filter }, backpropInput),
      filter: () => runKernel('GroupedConv2DBackpropFilter', { x, dy }, backpropFilter),
    };
  },
};
