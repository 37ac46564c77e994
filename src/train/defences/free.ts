import { requireCount } from '../../attacks/ascend.ts';
import { commonOptions, defineDefence } from './defence.ts';

/**
 * Free adversarial training: each batch is trained on several times, and the gradient of each step moves the images for
 * the next one, at no cost of its own. The perturbation goes on to the next batch.
 *
 * Shafahi et al. 2019, arXiv:1904.12843, algorithm 1. An epoch takes `replays` times as long, so the paper divides the
 * number of epochs by it. Other than in the rest of the defences, images are moved by gradients of the net in training
 * mode, those of its steps, and not by `craft`; they are held to the same ball and box, before every step.
 */
export const free = defineDefence({
  source: 'Shafahi et al. 2019, Adversarial training for free!, arXiv:1904.12843',
  singleStep: true,
  defaults: {
    ...commonOptions,
    /** Steps on each batch. */
    replays: 8,
  },
  check({ replays }) {
    requireCount('free', 'replays', replays);
  },
  replays: ({ replays }) => replays,
});
