import * as tf from '@tensorflow/tfjs';

/** tfjs fails where there is one part only. */
export const splitGradient: tf.GradConfig = {
  kernelName: 'SplitV',
  gradFunc: (upstreams, _saved, attrs) => ({
    x: () => tf.concat([upstreams].flat(), attrs.axis as number),
  }),
};

export const unpackGradient: tf.GradConfig = {
  kernelName: 'Unpack',
  gradFunc: (upstreams, _saved, attrs) => ({
    value: () => tf.stack([upstreams].flat(), attrs.axis as number),
  }),
};
