import { defineMetric } from '../metric.ts';
import { byOverlap } from './overlap.ts';
import { meanTally } from './predictions.ts';

const { perImage, perClass } = byOverlap(({ predicted, actual, both }) => (2 * both) / (predicted + actual));

/**
 * Dice coefficient of the foreground, 2·|P ∩ L| / (|P| + |L|), averaged over images.
 *
 * Per image it is the mean over the foreground classes (all but class 0) that occur in the label or in the
 * prediction, so a structure missed or invented scores 0. An image with no foreground in either scores 1.
 * Averaging is per image, not over all pixels, so that small lesions weigh as much as large ones. Pixels with a
 * negative label are ignored.
 *
 * Range [0, 1], higher is better. For one foreground class it equals MONAI's `DiceMetric(ignore_empty=False)`,
 * for more, classes absent from both are left out instead of scoring 1. On such choices: Maier-Hein, Reinke
 * et al. 2022, Metrics reloaded, arXiv:2206.01653.
 */
export const dice = defineMetric({
  task: 'segmentation',
  better: 'higher',
  tally: () => meanTally(perImage),
  perImage,
  perClass,
});
