import { requireSteps } from '../../attacks/ascend.ts';
import { createAttack } from '../../attacks/create.ts';
import { attackOptions, defineDefence } from './defence.ts';

/**
 * Adversarial training of a segmenter on images under SegPGD, which looks first at the pixels that are still right.
 *
 * Gu, Zhao, Tresp and Torr 2022, arXiv:2207.12391. Half of each batch stays clean, as in the code of Xu, Zhao and Jia
 * 2021, arXiv:2003.06555: segmenters lose much of their clean metric otherwise.
 */
export const segPgd = defineDefence({
  source: 'Gu et al. 2022, SegPGD, arXiv:2207.12391',
  task: 'segmentation',
  defaults: {
    ...attackOptions,
    share: 0.5,
    steps: 7,
    /** A fraction of epsilon. */
    stepSize: 0.25,
  },
  check: (options) => requireSteps('segPgd', options),
  attack: ({ steps, stepSize }) => createAttack({ name: 'segPgd', steps, stepSize }),
});
