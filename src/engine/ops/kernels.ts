// How our operations reach the kernels of the current backend.

import * as tf from '@tensorflow/tfjs';

/** Whether the current backend has this kernel; where it has not, operations compose tfjs operations instead. */
export function hasKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined;
}

/** Runs a kernel with one output; recorded for the backward pass like any tfjs operation. */
export function runKernel(name: string, inputs: tf.NamedTensorMap, attrs: object = {}): tf.Tensor {
  return tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap) as tf.Tensor;
}

/** Runs a kernel with several outputs, or with none. */
export function runKernelOutputs(name: string, inputs: tf.NamedTensorMap, attrs: object = {}): tf.Tensor[] {
  return tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap) as tf.Tensor[];
}

/** Whether operations that run now are recorded for a backward pass. */
export function isRecording(): boolean {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return gradientDepth > 0 && kernelDepth === 0;
}

/** Runs `body` without recording it: what it makes is a constant to the backward pass. */
export function unrecorded<T>(body: () => T): T {
  // tfjs records nothing inside a kernel, so this counts as one.
  const { state } = tf.engine();
  state.kernelDepth++;
  try {
    return body();
  } finally {
    state.kernelDepth--;
  }
}
