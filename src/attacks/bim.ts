import { ascend, requireSteps } from './ascend.ts';
import { defineAttack } from './attack.ts';
import { nothingYet } from './best.ts';

/**
 * Basic iterative method: the steps of `pgd` from the clean image, so without any randomness.
 *
 * Kurakin, Goodfellow and Bengio 2016, arXiv:1607.02533, section 2.2; but the best iterate is returned and not the
 * last, finished images are left out, and steps are a fraction of epsilon.
 */
export const bim = defineAttack({
  defaults: {
    steps: 10,
    /** A fraction of epsilon. */
    stepSize: 0.25,
  },
  check: (options) => requireSteps('bim', options),
  perturb: (images, context, options) =>
    ascend(images.clone(), [...Array(images.shape[0]).keys()], context, nothingYet(images), options).images,
});
