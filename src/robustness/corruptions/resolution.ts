import { defineCorruption, type Picture } from './corruption.ts';

/** The means of `count` equal cells of a line, each value of which `at` gives. */
function cellsOf(length: number, count: number, at: (i: number) => number): Float64Array {
  const step = length / count;
  return Float64Array.from({ length: count }, (_, cell) => {
    const [from, to] = [cell * step, Math.min(length, (cell + 1) * step)];
    let sum = 0;
    for (let i = Math.floor(from); i < to; i++) sum += (Math.min(to, i + 1) - Math.max(from, i)) * at(i);
    return sum / (to - from);
  });
}

/** Between the middles of the cells. */
function between(cells: Float64Array, length: number, i: number): number {
  const last = cells.length - 1;
  const at = Math.min(last, Math.max(0, ((i + 0.5) * cells.length) / length - 0.5));
  const below = Math.floor(at);
  const above = Math.min(last, below + 1);
  return cells[below]! + (at - below) * (cells[above]! - cells[below]!);
}

/** Lines of `length` values that are `stride` apart, one from each start, through `count` cells. */
function coarsen(
  pixels: Float32Array,
  { starts, length, stride, count }: { starts: number[]; length: number; stride: number; count: number },
): Float32Array {
  const result = new Float32Array(pixels.length);
  for (const start of starts) {
    const cells = cellsOf(length, count, (i) => pixels[start + i * stride]!);
    for (let i = 0; i < length; i++) result[start + i * stride] = between(cells, length, i);
  }
  return result;
}

function coarse({ pixels, shape: [height, width, channels] }: Picture, share: number): Float32Array {
  const line = width * channels;
  const count = (length: number) => Math.max(1, Math.round(length * share));
  const columns = Array.from({ length: line }, (_, i) => i);
  const rows = Array.from(
    { length: height * channels },
    (_, i) => Math.floor(i / channels) * line + (i % channels),
  );
  const down = coarsen(pixels, { starts: columns, length: height, stride: line, count: count(height) });
  return coarsen(down, { starts: rows, length: width, stride: channels, count: count(width) });
}

/**
 * A coarser scan, enlarged again: means over cells, bilinear between them; the amount is the share of rows, and of
 * columns, that is lost.
 *
 * Hendrycks and Dietterich 2019, arXiv:1903.12261 ("pixelate", which does not interpolate). Amounts: MedMNIST-C,
 * arXiv:2406.17536, for DermaMNIST.
 */
export const resolution = defineCorruption({
  amounts: [0.3, 0.5, 0.6, 0.7, 0.75],
  prepare: (picture) => (lost) => coarse(picture, 1 - lost),
});
