import { requireSteps } from '../../attacks/ascend.ts';
import { createAttack } from '../../attacks/create.ts';
import { attackOptions, defineDefence } from './defence.ts';

/**
 * Adversarial training: the loss is that of images under PGD from a random start.
 *
 * Madry et al. 2017, arXiv:1706.06083, equation 2.1. For classification and segmentation. Of each image the iterate of
 * highest loss is trained on, as the attack `pgd` gives it, where the paper takes the last one.
 */
export const pgd = defineDefence({
  source:
    'Madry et al. 2017, Towards deep learning models resistant to adversarial attacks, arXiv:1706.06083',
  defaults: {
    ...attackOptions,
    steps: 10,
    /** A fraction of epsilon. */
    stepSize: 0.25,
  },
  check: (options) => requireSteps('pgd', options),
  attack: ({ steps, stepSize }) => createAttack({ name: 'pgd', steps, stepSize }),
});
