import { defineCorruption } from './corruption.ts';

/**
 * A black rectangle of the image's proportions, somewhere within it; the amount is its share of the area.
 *
 * A marker or a ruler in the way: the cutout of DeVries and Taylor 2017, arXiv:1708.04552, which here
 * never leaves the image. Larger ones cover the smaller. The amounts are ours.
 */
export const occlusion = defineCorruption({
  amounts: [0.02, 0.05, 0.1, 0.2, 0.3],
  prepare({ pixels, shape: [height, width, channels] }, random) {
    const [y, x] = [random.uniform(), random.uniform()];
    return (share) => {
      const [tall, wide] = [Math.round(height * Math.sqrt(share)), Math.round(width * Math.sqrt(share))];
      const [top, left] = [Math.floor(y * (height - tall + 1)), Math.floor(x * (width - wide + 1))];
      return pixels.map((value, i) => {
        const [row, column] = [Math.floor(i / (width * channels)), Math.floor(i / channels) % width];
        return row >= top && row < top + tall && column >= left && column < left + wide ? 0 : value;
      });
    };
  },
});
