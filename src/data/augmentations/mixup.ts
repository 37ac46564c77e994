import { requireOption } from '../../options.ts';
import { defineAugmentation } from './augmentation.ts';
import { beta } from './beta.ts';

/**
 * Replaces every image of a batch by a weighted mean of itself and another of the batch; the loss is the mean of the
 * losses for both labels, by the same weights, which for cross-entropy is the loss for the mixed label.
 *
 * Zhang et al. 2018, mixup: beyond empirical risk minimization, arXiv:1710.09412, section 2: one weight, of
 * Beta(alpha, alpha), for a batch and its partners by a permutation. The labels of an image are those with the larger
 * weight, and the other's have `share` ≤ 1/2.
 */
export const mixup = defineAugmentation({
  source: 'Zhang et al. 2018, mixup: beyond empirical risk minimization, arXiv:1710.09412',
  defaults: { probability: 1, alpha: 0.2 },
  create({ alpha }) {
    requireOption('mixup', 'alpha', alpha > 0, 'more than 0', alpha);
    return {
      mix({ pixels, labels }, count, _, random) {
        const weight = beta(random, alpha);
        const share = Math.min(weight, 1 - weight);
        const partners = random.permutation(count);
        const [before, truths] = [pixels.slice(), labels.slice()];
        const [size, places] = [pixels.length / count, labels.length / count];
        for (let image = 0; image < count; image++) {
          const other = partners[image] as number;
          truths.set(labels.subarray(other * places, (other + 1) * places), image * places);
          for (let i = 0; i < size; i++) {
            const [own, its] = [before[image * size + i] as number, before[other * size + i] as number];
            pixels[image * size + i] = own + share * (its - own);
          }
        }
        return { labels: truths, share };
      },
    };
  },
});
