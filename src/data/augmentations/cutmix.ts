import { requireOption } from '../../options.ts';
import { defineAugmentation } from './augmentation.ts';
import { beta } from './beta.ts';

/**
 * Pastes a rectangle of another image of the batch into each image, at its place. A mask is pasted with it; a class is
 * mixed as in `mixup`, by the part of the image that is pasted.
 *
 * Yun et al. 2019, CutMix: regularization strategy to train strong classifiers, arXiv:1905.04899, section 3.1: one
 * rectangle of the image's aspect for a batch, its area 1 − Beta(alpha, alpha) before it is cut at the border.
 */
export const cutmix = defineAugmentation({
  source: 'Yun et al. 2019, CutMix, arXiv:1905.04899',
  defaults: { probability: 0.5, alpha: 1 },
  create({ alpha }) {
    requireOption('cutmix', 'alpha', alpha > 0, 'more than 0', alpha);
    return {
      mix({ pixels, labels }, count, [height, width, channels], random) {
        const ratio = Math.sqrt(1 - beta(random, alpha));
        const partners = random.permutation(count);
        const [tall, wide] = [Math.floor(height * ratio), Math.floor(width * ratio)];
        const [row, column] = [random.integer(height), random.integer(width)];
        const [top, left] = [Math.max(0, row - (tall >> 1)), Math.max(0, column - (wide >> 1))];
        const bottom = Math.min(height, row - (tall >> 1) + tall);
        const right = Math.min(width, column - (wide >> 1) + wide);
        const places = labels.length / count;
        const isMap = places > 1 && places === height * width;
        const [before, truths] = [pixels.slice(), labels.slice()];
        for (let image = 0; image < count; image++) {
          const other = partners[image] as number;
          for (let y = top; y < bottom; y++) {
            const [to, from] = [image, other].map((one) => (one * height + y) * width) as [number, number];
            const there = before.subarray((from + left) * channels, (from + right) * channels);
            pixels.set(there, (to + left) * channels);
            if (isMap) labels.set(truths.subarray(from + left, from + right), to + left);
          }
        }
        if (isMap) return undefined;
        const share = (Math.max(0, bottom - top) * Math.max(0, right - left)) / (height * width);
        const others = truths.map((_, i) => {
          const [image, place] = [Math.floor(i / places), i % places];
          return truths[(partners[image] as number) * places + place] as number;
        });
        return { labels: others, share };
      },
    };
  },
});
