import * as tf from '@tensorflow/tfjs';
import { defineAttack } from './attack.ts';

/**
 * The control: what `fgsm` does, with Gaussian noise in the place of the gradient.
 *
 * In l2 a direction drawn uniformly, in linf a random sign for each value, so that before clipping to [0, 1] the
 * perturbation is exactly as large as that of the attack it is compared with, in both norms. A net falls to an
 * attack of the size of harmless noise; where noise does as much harm as an attack, the attack is broken. The contrast of
 * noise and adversarial images is that of Paschali et al. 2018, arXiv:1804.00504; the noise is ours.
 */
export const gaussianNoise = defineAttack({
  defaults: {},
  direction: (images, { ball, random }) =>
    ball.ascent(tf.tensor4d(random.normals(images.size, 0, 1), images.shape)),
});
