// Every custom kernel in JavaScript: what runs on the `cpu` backend, and what native kernels are tested against.

export {
  geluGradKernel,
  geluKernel,
  leakyReluGradKernel,
  sigmoidGradKernel,
  siluGradKernel,
  siluKernel,
  softplusGradKernel,
  tanhGradKernel,
} from './activations.ts';
export { addReluKernel } from './add-relu.ts';
export { batchNormTrainGradKernel, batchNormTrainKernel } from './batch-norm.ts';
export { broadcastToKernel } from './broadcast-to.ts';
export { sparseCrossEntropyGradKernel, sparseCrossEntropyKernel } from './cross-entropy.ts';
export { groupNormGradKernel, groupNormKernel } from './group-norm.ts';
export {
  groupedConv2dBackpropFilterKernel,
  groupedConv2dBackpropInputKernel,
  groupedConv2dKernel,
} from './grouped-conv2d.ts';
export { maxUnpoolGradKernel, maxUnpoolKernel } from './max-unpool.ts';
export {
  applyAdamKernel,
  applyMomentumKernel,
  applyRmsPropKernel,
  gradientNormKernel,
} from './optimizer-steps.ts';
export { relu6GradKernel, reluGradKernel } from './relu.ts';
export { structuralSimilarityKernel } from './similarity.ts';
export { softDiceGradKernel, softDiceKernel } from './soft-dice.ts';
