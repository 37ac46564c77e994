import { requireOption } from '../options.ts';
import { ascend, requireCount, requireSteps } from './ascend.ts';
import { defineAttack } from './attack.ts';
import { nothingYet, unfinished } from './best.ts';
import { takeRows } from './rows.ts';
import { startOf } from './start.ts';

/**
 * Projected gradient descent: steps along the gradient, each followed by a projection into the ball.
 *
 * Returns of each image the best iterate, not the last: the lowest score, then the highest loss; so no success on
 * the way is lost. An image whose score reaches 0 is finished, and further steps and restarts leave it out.
 * Madry et al. 2017, arXiv:1706.06083, section 2.1; without a random start it is `bim`. In l1 a step moves the
 * top 1 % of the values (at least epsilon of them) by equal amounts, as in Tramèr and Boneh 2019, arXiv:1904.13000, section 3.
 */
export const pgd = defineAttack({
  defaults: {
    steps: 10,
    /** A fraction of epsilon: 2.5 / steps lets the attack cross the ball and turn round at its border. */
    stepSize: 0.25,
    /** Uniform in the ball; otherwise the clean image. */
    randomStart: true,
    /** How many random starts. */
    restarts: 1,
  },
  check({ steps, stepSize, randomStart, restarts }) {
    requireSteps('pgd', { steps, stepSize });
    requireCount('pgd', 'restarts', restarts);
    requireOption('pgd', 'restarts', randomStart || restarts === 1, '1 without randomStart', restarts);
  },
  perturb(images, context, options) {
    let best = nothingYet(images);
    for (let restart = 0; restart < options.restarts; restart++) {
      const open = unfinished(best);
      if (open.length === 0) break;
      const start = startOf(takeRows(images, open), context.take(open), { ...options, restart });
      best = ascend(start, open, context, best, options);
    }
    return best.images;
  },
});
