import { defineCorruption, type Picture } from './corruption.ts';

/** The value at a row that need not be whole, the image being repeated. */
function rowAt({ pixels, shape: [height, width, channels] }: Picture, row: number, offset: number): number {
  const below = Math.floor(row);
  const wrapped = ((below % height) + height) % height;
  const next = (wrapped + 1) % height;
  const share = row - below;
  const line = width * channels;
  return (
    (1 - share) * (pixels[wrapped * line + offset] as number) +
    share * (pixels[next * line + offset] as number)
  );
}

/** What every `count`-th line of k-space holds, but for the middle one: the mean of shifted copies, less that of a column. */
function ghostsOf(picture: Picture, count: number): Float32Array {
  const {
    pixels,
    shape: [height, width, channels],
  } = picture;
  const line = width * channels;
  const ghosts = new Float32Array(pixels.length);
  for (let offset = 0; offset < line; offset++) {
    let mean = 0;
    for (let row = 0; row < height; row++) mean += (pixels[row * line + offset] as number) / height;
    for (let row = 0; row < height; row++) {
      let sum = 0;
      for (let ghost = 0; ghost < count; ghost++)
        sum += rowAt(picture, row + (ghost * height) / count, offset);
      ghosts[row * line + offset] = sum / count - mean;
    }
  }
  return ghosts;
}

/**
 * The ghosts of periodic motion in MRI, 4 to 10 of them from top to bottom; the amount is the share of the signal
 * that is lost in every n-th line of k-space.
 *
 * Computed from shifted copies of the image, which is the same where the height is a multiple of n. TorchIO's
 * `RandomGhosting` (Pérez-García et al. 2021, arXiv:2003.04696), whose range of intensities is 0.5 to 1; the
 * magnitude is taken of the result.
 */
export const ghosting = defineCorruption({
  amounts: [0.2, 0.4, 0.6, 0.8, 1],
  prepare(picture, random) {
    const ghosts = ghostsOf(picture, 4 + random.integer(7));
    return (lost) => picture.pixels.map((value, i) => Math.abs(value - lost * (ghosts[i] as number)));
  },
});
