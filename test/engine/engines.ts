// The engines that tests of operations run on.

import * as tf from '@tensorflow/tfjs';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { probeEngines, useEngine } from '../../src/engine/engine.ts';
import * as customKernels from '../../src/engine/ops/cpu-kernels/registry.ts';

export interface TestEngine {
  readonly name: string;
  use(): Promise<unknown>;
}

/**
 * A backend without any kernel of ours, as tfjs-node is: operations compose those of tfjs. It has tfjs' kernels in
 * JavaScript, so this needs no tfjs-node.
 */
async function useComposedBackend(): Promise<void> {
  // Corrects the gradients, which belong to all backends.
  await useEngine('cpu');
  if (!tf.findBackendFactory('composed')) {
    const ours = new Set(Object.values(customKernels).map(({ kernelName }) => kernelName));
    for (const kernel of tf.getKernelsForBackend('cpu')) {
      if (!ours.has(kernel.kernelName)) tf.registerKernel({ ...kernel, backendName: 'composed' });
    }
    tf.registerBackend('composed', () => new MathBackendCPU(), 0);
  }
  await tf.setBackend('composed');
}

/** Every engine that works on this machine, and the composed backend. */
export const engines: readonly TestEngine[] = [
  ...(await probeEngines())
    .filter(({ works }) => works)
    .map(({ name }) => ({ name, use: () => useEngine(name) })),
  { name: 'composed', use: useComposedBackend },
];
