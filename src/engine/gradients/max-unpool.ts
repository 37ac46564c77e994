import * as tf from '@tensorflow/tfjs';
import { runKernel } from '../ops/kernels.ts';
import { maxUnpool } from '../ops/max-unpool.ts';

/** Each `dy` goes back to where its maximum was; tfjs has no gradient. */
export const maxPoolWithArgmaxGradient: tf.GradConfig = {
  kernelName: 'MaxPoolWithArgmax',
  inputsToSave: ['x'],
  outputsToSave: [false, true],
  gradFunc: (upstreams, saved, attrs) => {
    const [dy] = upstreams as tf.Tensor[];
    const [x, indices] = saved as [tf.Tensor4D, tf.Tensor4D];
    const [batch, height, width, channels] = x.shape;
    // As one long image, where the indices count over the whole batch.
    const whole = (tensor: tf.Tensor) => tf.reshape(tensor, [1, -1, 1, channels]) as tf.Tensor4D;
    const dx = () =>
      attrs.includeBatchInIndex
        ? tf.reshape(maxUnpool(whole(dy!), whole(indices), [batch * height, width]), x.shape)
        : maxUnpool(dy as tf.Tensor4D, indices, [height, width]);
    return { x: dx };
  },
};

export const maxUnpoolGradient: tf.GradConfig = {
  kernelName: 'MaxUnpool',
  inputsToSave: ['indices'],
  gradFunc: (dy, [indices]) => ({
    x: () => runKernel('MaxUnpoolGrad', { dy: dy as tf.Tensor, indices: indices! }),
    // tfjs takes no other type, and asks for it where the indices come from the same images as x.
    indices: () => tf.zeros(indices!.shape),
  }),
};
