// Every gradient that we register in place of tfjs' own, or that tfjs lacks.

export {
  addReluGradient,
  geluGradient,
  leakyReluGradient,
  relu6Gradient,
  reluGradient,
  sigmoidGradient,
  siluGradient,
  softplusGradient,
  tanhGradient,
} from './activations.ts';
export { batchNormTrainGradient, fusedBatchNormGradient } from './batch-norm.ts';
export {
  batchMatMulGradient,
  maximumGradient,
  minimumGradient,
  squaredDifferenceGradient,
} from './broadcasting.ts';
export {
  conv2dGradient,
  conv3dTransposeGradient,
  depthwiseConv2dGradient,
  fusedConv2dGradient,
} from './convolutions.ts';
export { fusedMatMulGradient } from './fused-ops.ts';
export { groupNormGradient } from './group-norm.ts';
export { groupedConv2dGradient } from './grouped-conv2d.ts';
export { softDiceGradient, sparseCrossEntropyGradient } from './losses.ts';
export { maxPoolWithArgmaxGradient, maxUnpoolGradient } from './max-unpool.ts';
export { mirrorPadGradient } from './mirror-pad.ts';
export { avgPoolGradient, maxPoolGradient } from './pooling.ts';
export { cumsumGradient, meanGradient, sumGradient } from './reductions.ts';
export { resizeBilinearGradient } from './resize.ts';
export {
  geluGradGradient,
  leakyReluGradGradient,
  relu6GradGradient,
  reluGradGradient,
  sigmoidGradGradient,
  siluGradGradient,
  softplusGradGradient,
  tanhGradGradient,
} from './second-order.ts';
export { splitGradient, unpackGradient } from './splitting.ts';
export { stridedSliceGradient } from './strided-slice.ts';
