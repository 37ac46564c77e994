// Kernels of tfjs' own that are wrong on the `cpu` backend, corrected.

export { averagePool3dGradKernel, averagePoolGradKernel } from './average-pooling.ts';
export { resizeBilinearGradKernel, resizeNearestGradKernel } from './resize.ts';
