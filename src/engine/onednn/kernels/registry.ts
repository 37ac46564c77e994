// Every kernel that runs natively, by its name in tfjs. All others run in JavaScript.

export { batchNormKernels } from './batch-norm.ts';
export { binaryKernels } from './binary.ts';
export { convolutionKernels } from './convolution.ts';
export { layoutKernels } from './layout.ts';
export { lossKernels } from './losses.ts';
export { matMulKernels } from './mat-mul.ts';
export { optimizerStepKernels } from './optimizer-steps.ts';
export { poolingKernels } from './pooling.ts';
export { reductionKernels } from './reduction.ts';
export { resizeKernels } from './resize.ts';
export { unaryKernels } from './unary.ts';
