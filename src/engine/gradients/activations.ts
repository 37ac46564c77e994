import * as tf from '@tensorflow/tfjs';
import { hasKernel, runKernel } from '../ops/kernels.ts';

type Compose = (dy: tf.Tensor, saved: tf.Tensor, attributes: tf.NamedAttrMap) => tf.Tensor;

/** The gradient in one kernel, `<name>Grad`, or composed where the backend has none. */
function oneKernel(name: string, saves: 'x' | 'y', compose: Compose): tf.GradConfig {
  const gradFunc: tf.GradFunc = (upstream, [saved], attrs) => {
    const dy = upstream as tf.Tensor;
    const run = () => runKernel(`${name}Grad`, { dy, [saves]: saved! }, attrs);
    return { x: () => (hasKernel(`${name}Grad`) ? run() : compose(dy, saved!, attrs)) };
  };
  return saves === 'x'
    ? { kernelName: name, inputsToSave: ['x'], gradFunc }
    : { kernelName: name, outputsToSave: [true], gradFunc };
}

/** `dy` where `y`, the output of a relu, is positive, and 0 elsewhere. */
export function reluGrad(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return hasKernel('ReluGrad') ? runKernel('ReluGrad', { dy, y }) : tf.mul(dy, tf.step(y));
}

// These save their output, which the next layer holds anyway, instead of their input.

export const reluGradient = oneKernel('Relu', 'y', reluGrad);

/** Both inputs have the same gradient. */
export const addReluGradient: tf.GradConfig = {
  kernelName: 'AddRelu',
  outputsToSave: [true],
  gradFunc: (upstream, [y]) => {
    const dx = reluGrad(upstream as tf.Tensor, y!);
    return { a: () => dx, b: () => dx };
  },
};

export const relu6Gradient = oneKernel('Relu6', 'y', (dy, y) =>
  tf.mul(dy, tf.mul(tf.step(y), tf.step(tf.sub(6, y)))),
);

export const sigmoidGradient = oneKernel('Sigmoid', 'y', (dy, y) => tf.mul(dy, tf.mul(y, tf.sub(1, y))));

export const tanhGradient = oneKernel('Tanh', 'y', (dy, y) => tf.mul(dy, tf.sub(1, tf.square(y))));

// These save their input. tfjs finds no gradient of a gradient through an output that was saved.

export const softplusGradient = oneKernel('Softplus', 'x', (dy, x) => tf.mul(dy, tf.sigmoid(x)));

export const leakyReluGradient = oneKernel('LeakyRelu', 'x', (dy, x, { alpha }) =>
  tf.mul(dy, tf.step(x, alpha as number)),
);

// Of operations of ours, which are kernels only where their gradients are.

const noComposition: Compose = () => {
  throw new Error('a backend with this kernel has its gradient too');
};

export const siluGradient = oneKernel('Silu', 'x', noComposition);
export const geluGradient = oneKernel('Gelu', 'x', noComposition);
