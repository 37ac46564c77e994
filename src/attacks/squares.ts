// The proposals of the square attack; images are flat, `[height, width, channels]`.

import type { Random } from '../random.ts';

export interface Grid {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

interface Window {
  readonly top: number;
  readonly left: number;
  readonly side: number;
}

const within = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
const sign = (random: Random) => (random.uniform() < 0.5 ? -1 : 1);

function windowOf(side: number, { height, width }: Grid, random: Random): Window {
  return { top: random.integer(height - side + 1), left: random.integer(width - side + 1), side };
}

/** The places of one channel of a window, row by row. */
function* placesOf(
  { top, left, side }: Window,
  channel: number,
  { width, channels }: Grid,
): Generator<number> {
  for (let y = top; y < top + side; y++) {
    for (let x = left; x < left + side; x++) yield (y * width + x) * channels + channel;
  }
}

/** Stripes: in every column and channel all values are moved by epsilon, up or down. */
export function startLinf(
  clean: Float32Array,
  { width, channels }: Grid,
  epsilon: number,
  random: Random,
): Float32Array {
  const signs = Array.from({ length: width * channels }, () => sign(random));
  return clean.map((value, i) => within(value + epsilon * (signs[i % signs.length] as number), 0, 1));
}

/** A square whose channels are moved to the border of the ball, each up or down. */
export function tryLinf(
  clean: Float32Array,
  current: Float32Array,
  grid: Grid,
  epsilon: number,
  side: number,
  random: Random,
): Float32Array {
  const most = Math.min(grid.height, grid.width);
  const square = windowOf(within(Math.round(side), 1, most), grid, random);
  const moved = current.slice();
  for (let channel = 0; channel < grid.channels; channel++) {
    const by = epsilon * sign(random);
    for (const place of placesOf(square, channel, grid))
      moved[place] = within((clean[place] as number) + by, 0, 1);
  }
  return moved;
}

/**
 * The bump of algorithm 3, of length 1: two halves of opposite sign, each highest in its middle; a place in the r-th ring
 * around that has the height Σ 1 / (k + 1)², k from r to the outermost ring. Side by side or one above the other, at
 * random.
 */
export function bump(side: number, random: Random): Float32Array {
  const values = new Float32Array(side * side);
  const upper = Math.floor(side / 2);
  const turned = random.uniform() < 0.5;
  for (const [from, rows, direction] of [
    [0, upper, 1],
    [upper, side - upper, -1],
  ] as const) {
    const [middleY, middleX] = [Math.floor(rows / 2), Math.floor(side / 2)];
    const rings = Math.max(middleY, middleX) + 1;
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < side; x++) {
        const ring = Math.max(Math.abs(y - middleY), Math.abs(x - middleX));
        let height = 0;
        for (let k = ring; k < rings; k++) height += 1 / (k + 1) ** 2;
        values[turned ? x * side + from + y : (from + y) * side + x] = direction * height;
      }
    }
  }
  const length = lengthOf(values);
  return values.map((value) => value / length);
}

function lengthOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value ** 2;
  return Math.sqrt(sum);
}

/** The clean image plus the perturbation scaled to length epsilon, then clipped. */
function around(clean: Float32Array, perturbation: Float32Array, epsilon: number): Float32Array {
  const length = lengthOf(perturbation);
  const factor = length === 0 ? 0 : epsilon / length;
  return clean.map((value, i) => within(value + factor * (perturbation[i] as number), 0, 1));
}

/** Five by five bumps, each channel of each up or down. */
export function startL2(clean: Float32Array, grid: Grid, epsilon: number, random: Random): Float32Array {
  const { height, width, channels } = grid;
  const side = Math.max(1, Math.floor(Math.min(height, width) / 5));
  const perturbation = new Float32Array(clean.length);
  for (let top = 0; top + side <= height; top += side) {
    for (let left = 0; left + side <= width; left += side) {
      const shape = bump(side, random);
      for (let channel = 0; channel < channels; channel++) {
        const direction = sign(random);
        let k = 0;
        for (const place of placesOf({ top, left, side }, channel, grid)) {
          perturbation[place] = direction * (shape[k++] as number);
        }
      }
    }
  }
  return around(clean, perturbation, epsilon);
}

/**
 * Takes the perturbation of one window away and adds a bump in another, as long as what was taken away, what the
 * second had and what epsilon leaves: the whole stays on the border of the ball.
 */
export function tryL2(
  clean: Float32Array,
  current: Float32Array,
  grid: Grid,
  epsilon: number,
  side: number,
  random: Random,
): Float32Array {
  const most = Math.min(grid.height, grid.width);
  // Odd, and large enough for a bump with two halves.
  const size = Math.min(2 * Math.floor(Math.max(3, Math.round(side)) / 2) + 1, most);
  const [taken, given] = [windowOf(size, grid, random), windowOf(size, grid, random)];
  const perturbation = clean.map((value, i) => (current[i] as number) - value);
  const rest = Math.max(0, epsilon ** 2 - lengthOf(perturbation) ** 2) / grid.channels;
  const shape = bump(size, random);
  for (let channel = 0; channel < grid.channels; channel++) {
    const [from, to] = [taken, given].map((window) => [...placesOf(window, channel, grid)]) as [
      number[],
      number[],
    ];
    const both = lengthOf([...new Set([...from, ...to])].map((place) => perturbation[place] as number));
    const before = to.map((place) => perturbation[place] as number);
    const own = lengthOf(before);
    const direction = sign(random);
    const mixed = before.map((value, k) => direction * (shape[k] as number) + (own === 0 ? 0 : value / own));
    const length = lengthOf(mixed);
    for (const place of from) perturbation[place] = 0;
    for (const [k, place] of to.entries()) {
      perturbation[place] = length === 0 ? 0 : ((mixed[k] as number) / length) * Math.sqrt(rest + both ** 2);
    }
  }
  return around(clean, perturbation, epsilon);
}
