import * as tf from '@tensorflow/tfjs';
import { hasKernel, runKernel } from './kernels.ts';

/** x · sigmoid(x), also called swish. Ramachandran et al. 2017, arXiv:1710.05941, with β = 1. */
export function silu(x: tf.Tensor): tf.Tensor {
  return hasKernel('Silu') ? runKernel('Silu', { x }) : tf.tidy(() => tf.mul(x, tf.sigmoid(x)));
}

/**
 * x · Φ(x), where Φ is the normal distribution. Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2; `tanh` is
 * their approximation, off by up to 5e-4, which GPT-like nets are trained with.
 */
export function gelu(x: tf.Tensor, approximate: 'none' | 'tanh' = 'none'): tf.Tensor {
  if (hasKernel('Gelu')) return runKernel('Gelu', { x }, { approximate });
  return tf.tidy(() => {
    // tfjs has no gradient of a power that is right at 0.
    const cube = tf.mul(x, tf.square(x));
    const argument = () => tf.mul(tf.add(x, tf.mul(cube, 0.044715)), Math.sqrt(2 / Math.PI));
    const share = approximate === 'tanh' ? tf.tanh(argument()) : tf.erf(tf.mul(x, Math.SQRT1_2));
    return tf.mul(tf.mul(x, 0.5), tf.add(share, 1));
  });
}
