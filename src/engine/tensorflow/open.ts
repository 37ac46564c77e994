// tfjs-node and tfjs-node-gpu: optional packages, used where they are.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { RunError } from '../../errors.ts';
import { extendKernels } from './kernels.ts';
import { restoreLegacyUtil } from './legacy-util.ts';

export type TensorFlowPackage = 'tfjs-node' | 'tfjs-node-gpu';

interface TensorFlowBackend {
  readonly isUsingGpuDevice?: boolean;
  readonly binding?: { readonly TF_Version?: string };
}

/** Where script/link-tensorflow puts what it builds; the same from src and from dist. */
const linked = fileURLToPath(new URL('../../../build/tensorflow/node_modules/@tensorflow/', import.meta.url));

/**
 * Makes TensorFlow the backend of tfjs, and gives its version: the package that script/link-tensorflow built, else
 * the installed one. Throws where there is none or it does not load; tfjs-node-gpu, also where it finds no GPU.
 *
 * Both packages register the same backend: in one process, the first that is opened has it.
 */
export async function openTensorFlow(name: TensorFlowPackage): Promise<string> {
  restoreLegacyUtil();
  // Keeps TensorFlow from logging what it was compiled for; its warnings and errors remain.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '1';
  const isLinked = existsSync(linked + name);
  // TensorFlow 2.21 returns from oneDNN's work before its threads have done it (tsl/util/onednn_threadpool.h): nets
  // with few channels crash, sooner or later. The TensorFlow 2.9 that tfjs-node brings itself has other code there.
  if (isLinked) process.env.TF_ENABLE_ONEDNN_OPTS ??= '0';
  // Else TensorFlow rounds what it multiplies to 10 bits of fraction (TF32), where a GPU is faster for it; and a process
  // takes all of a GPU's memory.
  process.env.NVIDIA_TF32_OVERRIDE ??= '0';
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  const require = createRequire(import.meta.url);
  const first = !tf.findBackendFactory('tensorflow');
  require(isLinked ? linked + name : `@tensorflow/${name}`);
  if (first) extendKernels();
  await tf.setBackend('tensorflow');
  const { isUsingGpuDevice, binding } = tf.backend() as unknown as TensorFlowBackend;
  if (name === 'tfjs-node-gpu' && !isUsingGpuDevice) throw new RunError('no GPU that TensorFlow can use');
  return binding?.TF_Version ?? '';
}
