import type { Dataset, ImageShape } from './dataset.ts';

/** The value of a channel between the four nearest pixels; beyond the border stands the value at it. */
function between(
  pixels: Float32Array,
  shape: ImageShape,
  row: number,
  column: number,
  channel: number,
): number {
  const [height, width, channels] = shape;
  const at = (y: number, x: number) => {
    const [top, left] = [Math.min(height - 1, Math.max(0, y)), Math.min(width - 1, Math.max(0, x))];
    return pixels[(top * width + left) * channels + channel] as number;
  };
  const [y, x] = [Math.floor(row), Math.floor(column)];
  const [v, u] = [row - y, column - x];
  return (
    (1 - v) * ((1 - u) * at(y, x) + u * at(y, x + 1)) + v * ((1 - u) * at(y + 1, x) + u * at(y + 1, x + 1))
  );
}

function refitted(pixels: Float32Array, from: ImageShape, to: ImageShape): Float32Array {
  const result = new Float32Array(to[0] * to[1] * to[2]);
  const grey = from[2] !== to[2];
  for (let i = 0; i < result.length; i++) {
    const place = Math.floor(i / to[2]);
    const row = ((Math.floor(place / to[1]) + 0.5) * from[0]) / to[0] - 0.5;
    const column = (((place % to[1]) + 0.5) * from[1]) / to[1] - 0.5;
    if (!grey) result[i] = between(pixels, from, row, column, i % to[2]);
    else {
      let sum = 0;
      for (let channel = 0; channel < from[2]; channel++) sum += between(pixels, from, row, column, channel);
      result[i] = sum / from[2];
    }
  }
  return result;
}

/**
 * The images of `dataset` in another shape, for a net that was made for others: bilinear in size, and grey, the mean of
 * the channels, where their number differs. What the images show is lost: their label is 0.
 */
export function refit(dataset: Dataset, imageShape: ImageShape): Dataset {
  const { name, samples } = dataset;
  return {
    name,
    task: 'classification',
    imageShape,
    classes: [name],
    samples: samples.map(({ id, patient }) => ({ id, patient, label: 0 })),
    async read(index) {
      const { id, pixels } = await dataset.read(index);
      return { id, label: 0, pixels: refitted(pixels, dataset.imageShape, imageShape) };
    },
  };
}
