// Layers that tf.layers lacks. A model with them loads wherever this engine is installed, not in plain tfjs.

export { BilinearUpSampling2D } from './bilinear-up-sampling.ts';
export { BlurPool2D } from './blur-pool.ts';
export { GroupNormalization } from './group-normalization.ts';
export { GroupedConv2D } from './grouped-conv2d.ts';
export { LocalResponseNormalization } from './local-response-normalization.ts';
export { MaxPoolingWithIndices2D, MaxUnpooling2D } from './max-unpool.ts';
