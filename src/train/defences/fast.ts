import type { Attack } from '../../attacks/attack.ts';
import { gradient } from '../../attacks/gradient.ts';
import { requireOption } from '../../options.ts';
import { attackOptions, defineDefence } from './defence.ts';

/**
 * Fast adversarial training: a single step along the gradient, from a random start (FGSM-RS), at about the cost of two
 * steps without a defence.
 *
 * Wong, Rice and Kolter 2020, arXiv:2001.03994, algorithm 3. A net may learn to answer such steps alone, and lose all
 * robustness within an epoch: training watches for this, see `catastrophic-overfitting` in docs/sanity-checks.md.
 */
export const fast = defineDefence({
  source: 'Wong et al. 2020, Fast is better than free: revisiting adversarial training, arXiv:2001.03994',
  singleStep: true,
  defaults: {
    ...attackOptions,
    /** A fraction of epsilon. */
    stepSize: 1.25,
  },
  check({ stepSize }) {
    requireOption('fast', 'stepSize', stepSize > 0, 'more than 0', stepSize);
  },
  attack: (options) => ({ name: 'fgsmRs', options, perturb: singleStep(options.stepSize) }),
});

/** One step from a point of the ball, wherever it leads: `pgd` would keep the start where the loss is higher there. */
function singleStep(stepSize: number): Attack['perturb'] {
  return (_, { ball, objective, random }) => {
    const start = ball.sample(random);
    return start.add(ball.ascent(gradient(objective, start), start).mul(stepSize * ball.epsilon));
  };
}
