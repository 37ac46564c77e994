// Makes `onednn` a backend of tfjs: every kernel of `cpu`, with the native ones in their places.

import * as tf from '@tensorflow/tfjs';
import { RunError } from '../../errors.ts';
import { OneDnnBackend } from './backend.ts';
import { loadBinding } from './binding.ts';
import { storeHalves } from './half.ts';
import { type NativeKernel, withFallback, withRestoredInputs } from './kernel.ts';
import * as families from './kernels/registry.ts';

// tfjs finds the kernels of a backend by its name, and stops at an underscore.
export const backendName = 'onednn';

/** The native kernels, by their names in tfjs. */
export const nativeKernels: ReadonlyMap<string, NativeKernel> = new Map(
  Object.values(families).flatMap((family) => Object.entries(family)),
);

/** Kernels that read no values: their output shares the storage of their input. */
const sharing: ReadonlySet<string> = new Set(['Identity', 'Reshape', 'ExpandDims']);

/** What runs under this name: the native kernel, with the other for its fallback, or the other alone. */
export function kernelFor(name: string, inJavaScript: tf.KernelFunc): tf.KernelFunc {
  const native = nativeKernels.get(name);
  if (native) return withFallback(native, inJavaScript);
  return sharing.has(name) ? inJavaScript : withRestoredInputs(inJavaScript);
}

/**
 * Registers the backend, once; the kernels of `cpu`, ours among them, must be registered before.
 * Throws `RunError` where the addon cannot be loaded.
 */
export function registerOneDnn(): void {
  if (tf.findBackendFactory(backendName)) return;
  const binding = loadBinding();
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    const kernelFunc = kernelFor(kernel.kernelName, kernel.kernelFunc);
    tf.registerKernel({ ...kernel, backendName, kernelFunc });
  }
  // Priority 0: chosen by name only.
  tf.registerBackend(backendName, () => new OneDnnBackend(binding), 0);
}

export function setThreads(threads: number): void {
  loadBinding().setThreads(threads);
}

/** Throws `RunError` for 'bf16' on a processor without it. */
export function setPrecision(precision: 'float32' | 'bf16'): void {
  const binding = loadBinding();
  if (precision === 'bf16' && !binding.build.bf16) {
    throw new RunError('precision bf16 needs oneDNN and a processor with AVX512-BF16 or AMX');
  }
  binding.setBf16(precision === 'bf16');
  storeHalves(precision === 'bf16');
}
