import { requireOption } from '../options.ts';
import { ascend, requireSteps } from './ascend.ts';
import { defineAttack } from './attack.ts';
import { nothingYet } from './best.ts';

/**
 * Momentum iterative FGSM: steps along a decaying sum of gradients, each divided by its l1 norm.
 *
 * Momentum carries images over small bumps, and what it makes deceives other nets more often. Dong et al. 2017,
 * arXiv:1710.06081, section 3.1, equations 6 and 7; section 3.3 for l2. The best iterate is returned and not the last,
 * and finished images are left out.
 */
export const miFgsm = defineAttack({
  defaults: {
    steps: 10,
    /** A fraction of epsilon. The paper: 1 / steps, so that the border is reached at the last step. */
    stepSize: 0.1,
    /** Of what the earlier gradients count for; 0 leaves the step's own. */
    decay: 1,
  },
  check({ steps, stepSize, decay }) {
    requireSteps('miFgsm', { steps, stepSize });
    requireOption('miFgsm', 'decay', decay >= 0, 'a number from 0', decay);
  },
  perturb: (images, context, options) =>
    ascend(images.clone(), [...Array(images.shape[0]).keys()], context, nothingYet(images), options).images,
});
