// Gradients of the gradients of activations, composed: a penalty on the gradient of a net needs them.

import * as tf from '@tensorflow/tfjs';
import { runKernel } from '../ops/kernels.ts';

/** The derivative of the slope with respect to what was saved. */
type Curvature = (saved: tf.Tensor, attributes: tf.NamedAttrMap) => tf.Tensor;

function ofGradient(name: string, saves: 'x' | 'y', curvature: Curvature): tf.GradConfig {
  return {
    kernelName: name,
    inputsToSave: ['dy', saves],
    gradFunc: (upstream, saved, attrs) => {
      const second = upstream as tf.Tensor;
      const [dy, values] = saved as [tf.Tensor, tf.Tensor];
      return {
        dy: () => runKernel(name, { dy: second, [saves]: values }, attrs),
        [saves]: () => tf.mul(tf.mul(second, dy), curvature(values, attrs)),
      };
    },
  };
}

const flat: Curvature = (saved) => tf.zerosLike(saved);

/** Of x · sigmoid(u(x)), where u has the slope `first` and the curvature `second`. */
function gated(x: tf.Tensor, u: tf.Tensor, first: tf.Tensor | number, second: tf.Tensor | number): tf.Tensor {
  const share = tf.sigmoid(u);
  const spread = tf.mul(share, tf.sub(1, share));
  const bend = tf.mul(tf.mul(tf.mul(x, tf.sub(1, tf.mul(share, 2))), first), first);
  return tf.mul(spread, tf.add(tf.add(tf.mul(2, first), bend), tf.mul(x, second)));
}

function geluCurvature(x: tf.Tensor, { approximate }: tf.NamedAttrMap): tf.Tensor {
  const square = tf.square(x);
  if (approximate !== 'tanh') {
    const density = tf.div(tf.exp(tf.mul(square, -0.5)), Math.sqrt(2 * Math.PI));
    return tf.mul(density, tf.sub(2, square));
  }
  const [scale, cubic] = [2 * Math.sqrt(2 / Math.PI), 0.044715];
  const u = tf.mul(tf.add(x, tf.mul(tf.mul(x, square), cubic)), scale);
  const first = tf.mul(tf.add(tf.mul(square, 3 * cubic), 1), scale);
  return gated(x, u, first, tf.mul(x, 6 * cubic * scale));
}

export const reluGradGradient = ofGradient('ReluGrad', 'y', flat);
export const relu6GradGradient = ofGradient('Relu6Grad', 'y', flat);
export const leakyReluGradGradient = ofGradient('LeakyReluGrad', 'x', flat);
export const sigmoidGradGradient = ofGradient('SigmoidGrad', 'y', (y) => tf.sub(1, tf.mul(y, 2)));
export const tanhGradGradient = ofGradient('TanhGrad', 'y', (y) => tf.mul(y, -2));
export const softplusGradGradient = ofGradient('SoftplusGrad', 'x', (x) =>
  tf.mul(tf.sigmoid(x), tf.sigmoid(tf.neg(x))),
);
export const siluGradGradient = ofGradient('SiluGrad', 'x', (x) => gated(x, x, 1, 0));
export const geluGradGradient = ofGradient('GeluGrad', 'x', geluCurvature);
