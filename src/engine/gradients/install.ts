// What is wrong or missing in tfjs 4.22 for training and attacks, put right for every engine.
// docs/tfjs-defects.md lists the defects.
//
// A backend that copies the kernels of `cpu` (engine/onednn) imports this module before it copies: on import,
// `cpu` already has the corrected kernels and the custom ones.

import * as tf from '@tensorflow/tfjs';
import * as layers from '../layers/registry.ts';
import * as customKernels from '../ops/cpu-kernels/registry.ts';
import { correctActivations } from './activation-layers.ts';
import { correctBatchNormalizationLayer } from './batch-norm-layer.ts';
import * as correctedKernels from './cpu-kernels/registry.ts';
import { correctFusedOperations } from './fused-ops.ts';
import { correctLayerNormalizationLayer } from './layer-norm-layer.ts';
import * as gradients from './registry.ts';

/** Kernels of the `cpu` backend: tfjs' own that are wrong, corrected, and those of our operations. */
export const cpuKernels: readonly tf.KernelConfig[] = [
  ...Object.values(correctedKernels),
  ...Object.values(customKernels),
];

/**
 * Registers the corrected kernels of `cpu`, the gradients of all backends and the corrected layers. Any
 * number of calls is one; `useEngine` calls it.
 */
export function installGradients(): void {
  for (const kernel of cpuKernels) {
    const registered = tf.getKernel(kernel.kernelName, 'cpu');
    if (registered === kernel) continue;
    // Registering over a kernel prints a warning.
    if (registered) tf.unregisterKernel(kernel.kernelName, 'cpu');
    tf.registerKernel(kernel);
  }
  for (const gradient of Object.values(gradients)) tf.registerGradient(gradient);
  for (const layer of Object.values(layers)) tf.serialization.registerClass(layer);
  correctActivations();
  correctBatchNormalizationLayer();
  correctLayerNormalizationLayer();
  correctFusedOperations();
}

installGradients();
