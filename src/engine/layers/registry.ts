// Layers that tf.layers lacks. A model with them loads wherever this engine is installed, not in plain tfjs.

export { GroupNormalization } from './group-normalization.ts';
export { GroupedConv2D } from './grouped-conv2d.ts';
export { MaxPoolingWithIndices2D, MaxUnpooling2D } from './max-unpool.ts';
