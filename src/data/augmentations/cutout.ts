import { requireOption } from '../../options.ts';
import { defineAugmentation } from './augmentation.ts';

/**
 * Hides a square with its centre anywhere in the image behind the mean of the image. A mask stays whole: the net is to
 * conclude what is hidden.
 *
 * DeVries and Taylor 2017, Improved regularization of convolutional neural networks with cutout, arXiv:1708.04552,
 * section 3.2. Departure: the mean is that of the image, and not that of the data.
 */
export const cutout = defineAugmentation({
  source: 'DeVries and Taylor 2017, Improved regularization with cutout, arXiv:1708.04552',
  defaults: {
    probability: 1,
    /** Of the square, as a part of the shorter side of the image. The paper: 16 of 32 pixels on CIFAR-10. */
    size: 0.25,
  },
  create({ size }) {
    requireOption('cutout', 'size', size >= 0 && size <= 1, 'a number in [0, 1]', size);
    return {
      recolour({ pixels, shape: [height, width, channels] }, random) {
        const side = Math.round(size * Math.min(height, width));
        const [row, column] = [random.integer(height), random.integer(width)];
        if (side === 0) return;
        const top = row - (side >> 1);
        const left = column - (side >> 1);
        const [firstRow, lastRow] = [Math.max(0, top), Math.min(height, top + side)];
        const [firstColumn, lastColumn] = [Math.max(0, left), Math.min(width, left + side)];
        for (let channel = 0; channel < channels; channel++) {
          let sum = 0;
          for (let i = channel; i < pixels.length; i += channels) sum += pixels[i] as number;
          const mean = sum / (height * width);
          for (let y = firstRow; y < lastRow; y++) {
            for (let x = firstColumn; x < lastColumn; x++)
              pixels[(y * width + x) * channels + channel] = mean;
          }
        }
      },
    };
  },
});
