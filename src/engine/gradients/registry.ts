// Every gradient that we register in place of tfjs' own, or that tfjs lacks.

export { relu6Gradient, reluGradient } from './activations.ts';
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
export { softDiceGradient, sparseCrossEntropyGradient } from './losses.ts';
export { mirrorPadGradient } from './mirror-pad.ts';
export { cumsumGradient, meanGradient, sumGradient } from './reductions.ts';
export { resizeBilinearGradient } from './resize.ts';
export { splitGradient, unpackGradient } from './splitting.ts';
export { stridedSliceGradient } from './strided-slice.ts';
