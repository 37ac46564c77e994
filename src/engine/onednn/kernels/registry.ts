// Every kernel that runs natively, by its name in tfjs. All others run in JavaScript.

export { activationKernels } from './activations.ts';
export { batchNormKernels } from './batch-norm.ts';
export { binaryKernels } from './binary.ts';
export { blockKernels } from './blocks.ts';
export { convolutionKernels } from './convolution.ts';
export { convolution3dKernels } from './convolution-3d.ts';
export { functionKernels } from './functions.ts';
export { gatheringKernels } from './gathering.ts';
export { groupNormKernels } from './group-norm.ts';
export { groupedConv2dKernels } from './grouped-conv2d.ts';
export { layoutKernels } from './layout.ts';
export { lossKernels } from './losses.ts';
export { lrnKernels } from './lrn.ts';
export { matMulKernels } from './mat-mul.ts';
export { maxUnpoolKernels } from './max-unpool.ts';
export { optimizerStepKernels } from './optimizer-steps.ts';
export { poolingKernels } from './pooling.ts';
export { reductionKernels } from './reduction.ts';
export { resizeKernels } from './resize.ts';
export { scanKernels } from './scans.ts';
export { similarityKernels } from './similarity.ts';
export { unaryKernels } from './unary.ts';
