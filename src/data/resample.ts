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

function applyAffine({ rows, columns }: Places, [a, b, c, d, e, f]: Affine): void {
  for (let i = 0; i < rows.length; i++) {
    const [row, column] = [rows[i] as number, columns[i] as number];
    rows[i] = a * row + b * column + c;
    columns[i] = d * row + e * column + f;
  }
}

/** Adds the field at each place, bilinear; beyond its border stands the value at it. */
function displace({ rows, columns }: Places, field: Displacement, [height, width]: ImageShape): void {
  const [middle, centre] = [(height - 1) / 2, (width - 1) / 2];
  const { rows: down, columns: across } = field;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const column = columns[i] as number;
    const y = Math.min(height - 1, Math.max(0, row + middle));
    const x = Math.min(width - 1, Math.max(0, column + centre));
    const top = Math.floor(y);
    const left = Math.floor(x);
    const v = y - top;
    const u = x - left;
    const at = top * width + left;
    const right = left < width - 1 ? 1 : 0;
    const below = top < height - 1 ? width : 0;
    const w0 = (1 - v) * (1 - u);
    const w1 = (1 - v) * u;
    const w2 = v * (1 - u);
    const w3 = v * u;
    rows[i] =
      row +
      w0 * (down[at] as number) +
      w1 * (down[at + right] as number) +
      w2 * (down[at + below] as number) +
      w3 * (down[at + below + right] as number);
    columns[i] =
      column +
      w0 * (across[at] as number) +
      w1 * (across[at + right] as number) +
      w2 * (across[at + below] as number) +
      w3 * (across[at + below + right] as number);
  }
}

/** The places of the pixels themselves, from the centre. */
function grid([height, width]: ImageShape): Places {
  const rows = new Float32Array(height * width);
  const columns = new Float32Array(height * width);
  for (let row = 0; row < height; row++) {
    rows.fill(row - (height - 1) / 2, row * width, (row + 1) * width);
    for (let column = 0; column < width; column++) columns[row * width + column] = column - (width - 1) / 2;
  }
  return { rows, columns };
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
  const { rows, columns } = grid(shape);
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
