import { defineMetric } from '../metric.ts';
import { byOverlap } from './overlap.ts';
import { meanTally } from './predictions.ts';

const { perImage, perClass } = byOverlap(({ predicted, actual, both }) => both / (predicted + actual - both));

/**
 * Intersection over union (Jaccard index) of the foreground, |P ∩ L| / |P ∪ L|, averaged over images.
 *
 * Classes, empty images and ignored pixels as in `dice`. Range [0, 1], higher is better.
 */
export const iou = defineMetric({
  task: 'segmentation',
  better: 'higher',
  tally: () => meanTally(perImage),
  perImage,
  perClass,
});
