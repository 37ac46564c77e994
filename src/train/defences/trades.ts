import { requireSteps } from '../../attacks/ascend.ts';
import { counted, meanPerImage } from '../../losses/loss.ts';
import { requireOption } from '../../options.ts';
import { attackOptions, defineDefence } from './defence.ts';
import { divergence } from './divergence.ts';
import { pgdFromNearby } from './near-start.ts';

/**
 * TRADES: the loss of the clean images, plus beta times how far predictions move under attack.
 *
 *   loss(x, y) + beta · KL(p(x) ‖ p(x′)),   where x′ within epsilon of x maximises the divergence
 *
 * Zhang et al. 2019, arXiv:1901.08573, algorithm 1, with the divergence of their code; it has gradients
 * through both predictions. `loss` is the experiment's. For segmentation, the mean over the pixels that count.
 */
export const trades = defineDefence({
  source:
    'Zhang et al. 2019, Theoretically principled trade-off between robustness and accuracy, arXiv:1901.08573',
  defaults: {
    ...attackOptions,
    /** What robustness weighs beside clean accuracy. */
    beta: 6,
    steps: 10,
    /** A fraction of epsilon; the authors' code: 0.007 of 0.031. */
    stepSize: 0.225,
  },
  check(options) {
    requireSteps('trades', options);
    requireOption('trades', 'beta', options.beta >= 0, 'at least 0', options.beta);
  },
  attack: (options) => pgdFromNearby('trades', options),
  // No image is finished early, so the rows of a batch never change.
  raises: (clean) => (logits, labels) => meanPerImage(divergence(clean, logits), counted(labels)),
  lowers({ attacked, clean }, labels, loss, { beta }) {
    const moved = meanPerImage(divergence(clean, attacked), counted(labels));
    return loss(clean, labels).add(moved.mul(beta));
  },
});
