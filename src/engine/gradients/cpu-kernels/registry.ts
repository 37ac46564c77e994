// Kernels of tfjs' own that are wrong on the `cpu` backend, corrected.

export { averagePool3dGradKernel, averagePoolGradKernel } from './average-pooling.ts';
export {
  conv3dBackpropFilterKernel,
  conv3dBackpropInputKernel,
  conv3dKernel,
} from './convolution-3d.ts';
export { maxPool3dGradKernel } from './max-pooling-3d.ts';
export { resizeBilinearGradKernel, resizeNearestGradKernel } from './resize.ts';
