// Moves composed, and carried out at once: an image is interpolated a single time.

import type { Affine, Displacement, Move } from './augmentations/augmentation.ts';
import type { ImageShape } from './dataset.ts';

/** Where each pixel of the result comes from: rows and columns of the source, `[height, width]` each. */
export interface Places {
  readonly rows: Float32Array;
  readonly columns: Float32Array;
}

const still: Affine = [1, 0, 0, 0, 1, 0];

/** The map that does `first` to a place, then `second`. */
function chain(first: Affine, second: Affine): Affine {
  const [a, b, c, d, e, f] = first;
  const [p, q, r, s, t, u] = second;
  return [p * a + q * d, p * b + q * e, p * c + q * f + r, s * a + t * d, s * b + t * e, s * c + t * f + u];
}

function isStill(move: Move): boolean {
  return isAffine(move)
    ? move.every((value, i) => value === still[i])
    : move.rows.every((value) => value === 0) && move.columns.every((value) => value === 0);
}

function isAffine(move: Move): move is Affine {
  return Array.isArray(move);
}

/** Bilinear in `field`; beyond its border stands the value at it. */
function fieldAt(field: Float32Array, height: number, width: number, row: number, column: number): number {
  const y = Math.min(height - 1, Math.max(0, row));
  const x = Math.min(width - 1, Math.max(0, column));
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [bottom, right] = [Math.min(height - 1, top + 1), Math.min(width - 1, left + 1)];
  const [v, u] = [y - top, x - left];
  const at = (i: number, j: number) => field[i * width + j] as number;
  return (
    (1 - v) * ((1 - u) * at(top, left) + u * at(top, right)) +
    v * ((1 - u) * at(bottom, left) + u * at(bottom, right))
  );
}

function applyAffine({ rows, columns }: Places, [a, b, c, d, e, f]: Affine): void {
  for (let i = 0; i < rows.length; i++) {
    const [row, column] = [rows[i] as number, columns[i] as number];
    rows[i] = a * row + b * column + c;
    columns[i] = d * row + e * column + f;
  }
}

function displace({ rows, columns }: Places, field: Displacement, [height, width]: ImageShape): void {
  const [middle, centre] = [(height - 1) / 2, (width - 1) / 2];
  for (let i = 0; i < rows.length; i++) {
    const [row, column] = [rows[i] as number, columns[i] as number];
    rows[i] = row + fieldAt(field.rows, height, width, row + middle, column + centre);
    columns[i] = column + fieldAt(field.columns, height, width, row + middle, column + centre);
  }
}

/** Folds a place beyond the border back, as in a mirror that stands on the border. */
function mirrored(place: number, length: number): number {
  if (place >= -0.5 && place <= length - 0.5) return place;
  const period = 2 * length;
  const along = (((place + 0.5) % period) + period) % period;
  return (along < length ? along : period - along) - 0.5;
}

/**
 * The places of the moves one after the other, the first of `moves` first; undefined where nothing moves. What lies beyond
 * the border is the image in a mirror.
 */
export function placesOf(moves: readonly Move[], shape: ImageShape): Places | undefined {
  const moving = moves.filter((move) => !isStill(move));
  if (moving.length === 0) return undefined;
  const [height, width] = shape;
  const [middle, centre] = [(height - 1) / 2, (width - 1) / 2];
  const rows = Float32Array.from({ length: height * width }, (_, i) => Math.floor(i / width) - middle);
  const columns = Float32Array.from({ length: height * width }, (_, i) => (i % width) - centre);
  // From the result back to the source: the last move comes first. Neighbouring affine maps are one.
  let pending = still;
  for (const move of moving.reverse()) {
    if (isAffine(move)) pending = chain(pending, move);
    else {
      applyAffine({ rows, columns }, pending);
      displace({ rows, columns }, move, shape);
      pending = still;
    }
  }
  const [a, b, c, d, e, f] = pending;
  for (let i = 0; i < rows.length; i++) {
    const [row, column] = [rows[i] as number, columns[i] as number];
    rows[i] = mirrored(a * row + b * column + c + middle, height);
    columns[i] = mirrored(d * row + e * column + f + centre, width);
  }
  return { rows, columns };
}

/** The pixels at `places`, between the four nearest. */
export function resampleImage(pixels: Float32Array, shape: ImageShape, places: Places): Float32Array {
  const [height, width, channels] = shape;
  const { rows, columns } = places;
  const result = new Float32Array(pixels.length);
  for (let i = 0; i < rows.length; i++) {
    const y = Math.min(height - 1, Math.max(0, rows[i] as number));
    const x = Math.min(width - 1, Math.max(0, columns[i] as number));
    const [top, left] = [Math.floor(y), Math.floor(x)];
    const down = top < height - 1 ? width * channels : 0;
    const right = left < width - 1 ? channels : 0;
    const [v, u] = [y - top, x - left];
    const [w0, w1, w2, w3] = [(1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u];
    const from = (top * width + left) * channels;
    for (let channel = 0; channel < channels; channel++) {
      const at = from + channel;
      result[i * channels + channel] =
        w0 * (pixels[at] as number) +
        w1 * (pixels[at + right] as number) +
        w2 * (pixels[at + down] as number) +
        w3 * (pixels[at + down + right] as number);
    }
  }
  return result;
}

/** The classes at `places`: of the nearest pixel, so that no class comes between two. */
export function resampleMask(labels: Int32Array, [height, width]: ImageShape, places: Places): Int32Array {
  const { rows, columns } = places;
  const result = new Int32Array(labels.length);
  for (let i = 0; i < rows.length; i++) {
    const row = Math.min(height - 1, Math.max(0, Math.floor((rows[i] as number) + 0.5)));
    const column = Math.min(width - 1, Math.max(0, Math.floor((columns[i] as number) + 0.5)));
    result[i] = labels[row * width + column] as number;
  }
  return result;
}
