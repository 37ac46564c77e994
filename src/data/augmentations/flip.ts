import { requireOption } from '../../options.ts';
import { defineAugmentation } from './augmentation.ts';

/** Mirrors an image left to right, top to bottom, or both, each half of the times. */
export const flip = defineAugmentation({
  defaults: {
    probability: 1,
    /** Left to right. */
    horizontal: true,
    /** Top to bottom. Not for images that have an up and a down, such as X-rays of a chest. */
    vertical: false,
  },
  create({ horizontal, vertical }) {
    requireOption('flip', 'horizontal', horizontal || vertical, 'one of horizontal and vertical', horizontal);
    return {
      move(_, random) {
        const [row, column] = [random.uniform() < 0.5, random.uniform() < 0.5];
        return [vertical && row ? -1 : 1, 0, 0, 0, horizontal && column ? -1 : 1, 0];
      },
    };
  },
});
