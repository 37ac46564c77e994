// Every custom kernel in JavaScript: what runs on the `cpu` backend, and what native kernels are tested against.

export { batchNormTrainGradKernel, batchNormTrainKernel } from './batch-norm.ts';
export { broadcastToKernel } from './broadcast-to.ts';
export { sparseCrossEntropyGradKernel, sparseCrossEntropyKernel } from './cross-entropy.ts';
export {
  applyAdamKernel,
  applyMomentumKernel,
  applyRmsPropKernel,
  gradientNormKernel,
} from './optimizer-steps.ts';
export { relu6GradKernel, reluGradKernel } from './relu.ts';
export { softDiceGradKernel, softDiceKernel } from './soft-dice.ts';
