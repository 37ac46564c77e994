import { defineAttack } from './attack.ts';
import { gradient } from './gradient.ts';

/**
 * Fast gradient sign method: one step of length epsilon along the sign of the gradient.
 *
 * In l2, along the gradient itself; in l1, the top 1 % of its values by equal amounts. Labels are the true ones.
 * Goodfellow, Shlens and Szegedy 2014, arXiv:1412.6572, section 4. A large step can overshoot, so its curve may rise;
 * an iterative attack's should not.
 */
export const fgsm = defineAttack({
  defaults: {},
  direction: (images, { objective, ball }) => ball.ascent(gradient(objective, images)),
});
