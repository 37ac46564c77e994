import * as tf from '@tensorflow/tfjs';
import { defineAttack } from './attack.ts';

/**
 * The control: what `fgsm` does, with Gaussian noise in the place of the gradient.
 *
 * In l2 a direction drawn uniformly, in linf a random sign for each value, in l1 scaled to its size: before clipping
 * to [0, 1] the perturbation is exactly as large as `fgsm`'s. Where noise does as much harm as an attack of its
 * size, the attack is broken. Comparing the two follows Paschali et al. 2018, arXiv:1804.00504; this noise is ours.
 */
export const gaussianNoise = defineAttack({
  defaults: {},
  direction(images, { ball, random }) {
    const noise = tf.tensor4d(random.normals(images.size, 0, 1), images.shape);
    return ball.norm === 'linf' ? noise.sign() : ball.unit(noise);
  },
});
