import { requireOption } from '../../options.ts';
import type { Random } from '../../random.ts';
import type { ImageShape } from '../dataset.ts';
import { defineAugmentation } from './augmentation.ts';

/** The variance of a cubic B-spline, in units of its spacing: it stands for a Gaussian of as much. */
const VARIANCE = 1 / 3;
/** The mean over places of the sum of squared weights: what remains of the variance of the values at the knots. */
const KEPT = 151 / 315;

/** The four weights of a uniform cubic B-spline at `u` in [0, 1) after the second of its knots. */
function weightsAt(u: number): [number, number, number, number] {
  const [v, u2, u3] = [1 - u, u * u, u * u * u];
  return [(v * v * v) / 6, (3 * u3 - 6 * u2 + 4) / 6, (-3 * u3 + 3 * u2 + 3 * u + 1) / 6, u3 / 6];
}

/** For each of `length` places, the first of four knots and their weights. */
function splineAlong(length: number, spacing: number) {
  const firsts = new Int32Array(length);
  const weights = new Float64Array(4 * length);
  for (let i = 0; i < length; i++) {
    const place = i / spacing;
    firsts[i] = Math.floor(place);
    weights.set(weightsAt(place - Math.floor(place)), 4 * i);
  }
  return { firsts, weights, knots: Math.floor((length - 1) / spacing) + 4 };
}

/** A smooth random field `[height, width]` of the given standard deviation. */
function smoothField([height, width]: ImageShape, spacing: number, deviation: number, random: Random) {
  const [down, across] = [splineAlong(height, spacing), splineAlong(width, spacing)];
  const knots = random.normals(down.knots * across.knots, 0, deviation / KEPT);
  const field = new Float32Array(height * width);
  const line = new Float64Array(across.knots);
  for (let row = 0; row < height; row++) {
    line.fill(0);
    for (let k = 0; k < 4; k++) {
      const weight = down.weights[4 * row + k] as number;
      const from = ((down.firsts[row] as number) + k) * across.knots;
      for (let j = 0; j < across.knots; j++)
        line[j] = (line[j] as number) + weight * (knots[from + j] as number);
    }
    for (let column = 0; column < width; column++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) {
        const weight = across.weights[4 * column + k] as number;
        sum += weight * (line[(across.firsts[column] as number) + k] as number);
      }
      field[row * width + column] = sum;
    }
  }
  return field;
}

/**
 * Shifts each pixel by a smooth random field of its own.
 *
 * Simard et al. 2003, Best practices for convolutional neural networks applied to visual document analysis, ICDAR,
 * section 2. Departures: sizes are parts of the shorter side of the image and not pixels of digits, the strength is the
 * standard deviation of the field, and in the place of uniform noise under a Gaussian stand normal values at the knots
 * of a cubic B-spline of the Gaussian's variance, which costs a tenth.
 */
export const elastic = defineAugmentation({
  source: 'Simard et al. 2003, Best practices for convolutional neural networks, ICDAR',
  defaults: {
    probability: 1,
    /** Standard deviation of the shift along each axis, as a part of the shorter side. */
    strength: 0.02,
    /** Standard deviation of the Gaussian, as a part of the shorter side; Simard: 4 of 29 pixels. */
    smoothness: 0.14,
  },
  create({ strength, smoothness }, shape) {
    requireOption('elastic', 'strength', strength >= 0 && strength <= 1, 'a number in [0, 1]', strength);
    const inRange = smoothness > 0 && smoothness <= 1;
    requireOption('elastic', 'smoothness', inRange, 'a number in (0, 1]', smoothness);
    const side = Math.min(shape[0], shape[1]);
    const spacing = Math.max(1, (smoothness * side) / Math.sqrt(VARIANCE));
    return {
      move: (_, random) => ({
        rows: smoothField(shape, spacing, strength * side, random.stream('rows')),
        columns: smoothField(shape, spacing, strength * side, random.stream('columns')),
      }),
    };
  },
});
