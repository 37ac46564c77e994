// What a norm is to an attack: sizes, projections, random points and directions of ascent.

import * as tf from '@tensorflow/tfjs';
import type { Random } from '../random.ts';
import { rowsOf } from './rows.ts';
import type { NormName } from './threat.ts';

type Images = tf.Tensor4D;

export interface Norm {
  /** The largest distance of two images in [0, 1] with `size` values. */
  largest(size: number): number;
  /** The size of one perturbation. */
  length(perturbation: Float32Array): number;
  /** Shortens perturbations of the clean images to at most `epsilon`; may leave [0, 1]. */
  limit(perturbation: Images, epsilon: number, clean: Images): Images;
  /** Perturbations, uniform in the ball around 0. */
  sample(shape: Images['shape'], epsilon: number, random: Random): Images;
  /** For finite gradients. */
  ascent(gradient: Images, from: Images, epsilon: number): Images;
}

/** Each image by itself, from its values and those of others in the same place of their batches. */
function mapRows(
  make: (...rows: Float32Array[]) => Float32Array,
  first: Images,
  ...others: Images[]
): Images {
  const columns = [first, ...others].map(rowsOf);
  const made = new Float32Array(first.size);
  const size = first.size / first.shape[0];
  for (let i = 0; i < first.shape[0]; i++) {
    made.set(make(...columns.map((rows) => rows[i] as Float32Array)), i * size);
  }
  return tf.tensor4d(made, first.shape);
}

/** Each image times its factor; one by one, as tfjs on the CPU broadcasts slowly. */
export function scale(images: Images, factors: readonly number[]): Images {
  return tf.stack(tf.unstack(images).map((image, i) => image.mul(factors[i] as number))) as Images;
}

/** The inverse of a length, within float32; 0 of 0. */
export function inverse(length: number): number {
  return length === 0 ? 0 : Math.min(1 / length, 3e38);
}

/** In double precision: squares of float32 neither underflow nor overflow. */
function euclidean(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value ** 2;
  return Math.sqrt(sum);
}

function sumOfSizes(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += Math.abs(value);
  return sum;
}

/** The size of the `count`-th largest value of `values`, at least that of the smallest one. */
function sizeOfRank(values: Float32Array, count: number): number {
  const sizes = Float32Array.from(values, Math.abs).sort();
  return sizes[Math.max(0, sizes.length - count)] as number;
}

/** The `count` values of largest size, others 0; of equal ones the first. */
function largestValues(values: Float32Array, count: number): Float32Array {
  const kept = new Float32Array(values.length);
  if (count <= 0) return kept;
  const least = sizeOfRank(values, count);
  let left = count;
  for (const [i, value] of values.entries()) {
    if (Math.abs(value) > least) left--;
    kept[i] = Math.abs(value) > least ? value : 0;
  }
  for (let i = 0; i < values.length && left > 0; i++) {
    if (Math.abs(values[i] as number) !== least) continue;
    kept[i] = values[i] as number;
    left--;
  }
  return kept;
}

/** A gradient without the values that cannot follow it, as they are at 0 or 1 already. */
function free(gradient: Float32Array, from: Float32Array): Float32Array {
  return gradient.map((slope, i) => {
    const held = slope > 0 ? (from[i] as number) >= 1 : (from[i] as number) <= 0;
    return held ? 0 : slope;
  });
}

const linf: Norm = {
  largest: () => 1,
  length(values) {
    let largest = 0;
    for (const value of values) if (!(Math.abs(value) <= largest)) largest = Math.abs(value);
    return largest;
  },
  limit: (perturbation, epsilon) => tf.clipByValue(perturbation, -epsilon, epsilon),
  sample(shape, epsilon, random) {
    return tf.tensor4d(random.uniforms(tf.util.sizeFromShape(shape), -epsilon, epsilon), shape);
  },
  ascent: (gradient) => gradient.sign(),
};

const l2: Norm = {
  largest: (size) => Math.sqrt(size),
  length: euclidean,
  limit(perturbation, epsilon) {
    const factors = rowsOf(perturbation).map((row) => Math.min(1, epsilon * inverse(euclidean(row))));
    return scale(perturbation, factors);
  },
  sample(shape, epsilon, random) {
    const [batch, ...image] = shape;
    const size = tf.util.sizeFromShape(image);
    const directions = tf.tensor4d(random.normals(batch * size, 0, 1), shape);
    // The share of a ball's volume within radius r is r^size, so u^(1/size) makes the radius uniform in volume.
    const factors = rowsOf(directions).map(
      (row) => inverse(euclidean(row)) * epsilon * random.uniform() ** (1 / size),
    );
    return scale(directions, factors);
  },
  ascent: (gradient) =>
    scale(
      gradient,
      rowsOf(gradient).map((row) => inverse(euclidean(row))),
    ),
};

/** The share of the values that a step in l1 moves; at least as many as epsilon, as none can move by more than 1. */
const MOVED = 0.01;

/**
 * The nearest perturbation in the l1 ball that keeps the image in [0, 1]: every value is drawn towards 0 by the same
 * amount, then held in its room. Croce and Hein 2021, arXiv:2103.01208, section 2; the amount by bisection.
 */
function limitSum(perturbation: Float32Array, epsilon: number, clean: Float32Array): Float32Array {
  const room = perturbation.map((value, i) => (value > 0 ? 1 - (clean[i] as number) : (clean[i] as number)));
  const drawn = (by: number) =>
    perturbation.map((value, i) => {
      const size = Math.min(Math.max(Math.abs(value) - by, 0), room[i] as number);
      return value < 0 ? -size : size;
    });
  const inside = drawn(0);
  if (sumOfSizes(inside) <= epsilon) return inside;
  let [low, high] = [0, linf.length(perturbation)];
  for (let i = 0; i < 40 && low < high; i++) {
    const middle = (low + high) / 2;
    if (sumOfSizes(drawn(middle)) > epsilon) low = middle;
    else high = middle;
  }
  return drawn(high);
}

const l1: Norm = {
  largest: (size) => size,
  length: sumOfSizes,
  limit: (perturbation, epsilon, clean) =>
    mapRows((row, from) => limitSum(row, epsilon, from!), perturbation, clean),
  sample(shape, epsilon, random) {
    const size = tf.util.sizeFromShape(shape.slice(1));
    const signs = random.uniforms(shape[0] * size, -1, 1);
    // Exponential sizes, divided by their sum, are uniform on the border of the ball.
    const drawn = tf.tensor4d(
      signs.map((sign) => -Math.sign(sign) * Math.log(1 - random.uniform())),
      shape,
    );
    return mapRows((row) => {
      const factor = epsilon * inverse(sumOfSizes(row)) * random.uniform() ** (1 / size);
      return row.map((value) => value * factor);
    }, drawn);
  },
  // One value alone would be the steepest step; the top 1 % by equal amounts is Tramèr and Boneh's,
  // arXiv:1904.13000, section 3.
  ascent: (gradient, from, epsilon) =>
    mapRows(
      (slopes, at) => {
        const open = free(slopes, at!);
        const kept = largestValues(open, Math.max(1, Math.round(MOVED * open.length), Math.ceil(epsilon)));
        const moved = kept.reduce((count, slope) => count + (slope === 0 ? 0 : 1), 0);
        return kept.map((slope) => Math.sign(slope) * inverse(moved));
      },
      gradient,
      from,
    ),
};

const l0: Norm = {
  largest: (size) => size,
  length: (values) => values.reduce((count, value) => count + (value === 0 ? 0 : 1), 0),
  // What [0, 1] takes of a change does not make it large.
  limit: (perturbation, epsilon, clean) =>
    mapRows(
      (row, from) => {
        const held = row.map((value, i) =>
          Math.min(Math.max(value, -(from![i] as number)), 1 - (from![i] as number)),
        );
        return largestValues(held, Math.floor(epsilon));
      },
      perturbation,
      clean,
    ),
  sample(shape, epsilon, random) {
    const size = tf.util.sizeFromShape(shape.slice(1));
    const drawn = tf.tensor4d(random.uniforms(shape[0] * size, -1, 1), shape);
    return mapRows((row) => {
      const kept = new Float32Array(size);
      for (const i of random.permutation(size).subarray(0, Math.floor(epsilon))) kept[i] = row[i] as number;
      return kept;
    }, drawn);
  },
  ascent: (gradient, from) =>
    mapRows((slopes, at) => largestValues(free(slopes, at!), 1).map(Math.sign), gradient, from),
};

export const norms: Readonly<Record<NormName, Norm>> = { linf, l2, l1, l0 };
