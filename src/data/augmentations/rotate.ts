import { requireOption } from '../../options.ts';
import { defineAugmentation, symmetric } from './augmentation.ts';

/** Turns an image around its centre by up to `degrees` to either side. */
export const rotate = defineAugmentation({
  defaults: { probability: 1, degrees: 15 },
  create({ degrees }) {
    requireOption('rotate', 'degrees', degrees >= 0 && degrees <= 180, 'a number in [0, 180]', degrees);
    return {
      move(_, random) {
        const angle = (symmetric(random, degrees) * Math.PI) / 180;
        const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
        return [cosine, -sine, 0, sine, cosine, 0];
      },
    };
  },
});
