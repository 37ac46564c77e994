import * as tf from '@tensorflow/tfjs';
import { rowsOf } from '../../attacks/rows.ts';
import { currentPrecision } from '../../engine/engine.ts';
import { type BatchCheck, compare, notApplicable, type Probe } from './diagnostic.ts';
import { plain } from './figures.ts';
import { lengthOf, lossesOf, ownSlopes } from './probing.ts';

/**
 * Of the finite differences, in pixel units: float32 blurs short ones, kinks and curvature long ones. Those that mostly do
 * come first.
 */
const STEPS = [1 / 4080, 1 / 16_320, 1 / 1020, 1 / 65_280, 1 / 255, 1 / 261_120];
const THRESHOLD = 1e-2;

/** Of each image; NaN where the loss does not change, nor should. */
interface Errors {
  /** How far the gradient is from a finite difference, where they agree best, in shares of what is to be expected. */
  readonly least: readonly number[];
  /** The same where finite differences agree best with one another, less twice that by which they do not. */
  readonly certain: readonly number[];
}

/**
 * Compares the gradient with what the loss does along a direction of signs. Once most images agree, no further step is
 * tried.
 */
function errorsAlong(probe: Probe, slopes: tf.Tensor4D, direction: tf.Tensor4D): Errors {
  const { images } = probe;
  const slope = slopes.mul(direction).sum([1, 2, 3]).dataSync();
  // Along random signs, this is what the slope is in the mean square: a slope near 0 by chance is no scale.
  const lengths = rowsOf(slopes).map(lengthOf);
  const tries: { step: number; found: Float32Array; errors: readonly number[] }[] = [];
  const leastOf = () => lengths.map((_, i) => Math.min(...tries.map(({ errors }) => errors[i] as number)));
  for (const step of STEPS) {
    const [ahead, behind] = [step, -step].map((by) =>
      tf.tidy(() => lossesOf(probe, images.add(direction.mul(by)) as tf.Tensor4D)),
    ) as [Float32Array, Float32Array];
    const found = ahead.map((loss, i) => (loss - (behind[i] as number)) / (2 * step));
    const errors = Array.from(found, (value, i) => distance(value, slope[i] as number, lengths[i] as number));
    tries.push({ step, found, errors });
    const finite = leastOf().filter(Number.isFinite);
    if (finite.length > 0 && median(finite) <= THRESHOLD) break;
  }
  const sorted = tries.toSorted((a, b) => a.step - b.step);
  const certain = lengths.map((length, i) => {
    const pairs = sorted.slice(1).map((longer, k) => {
      const shorter = sorted[k] as (typeof sorted)[number];
      const doubt = distance(longer.found[i] as number, shorter.found[i] as number, length);
      return { doubt, error: Math.min(longer.errors[i] as number, shorter.errors[i] as number) };
    });
    const [surest] = pairs.toSorted((a, b) => a.doubt - b.doubt);
    return surest ? surest.error - 2 * surest.doubt : Number.NaN;
  });
  return { least: leastOf(), certain };
}

const distance = (a: number, b: number, length: number) =>
  Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), length);

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] as number) + (sorted[sorted.length >> 1] as number)) / 2;
}

/** The largest of the lists' medians of finite values. */
function worstMedian(lists: readonly (readonly number[])[]): number | undefined {
  const finite = lists.map((values) => values.filter(Number.isFinite)).filter(({ length }) => length > 0);
  return finite.length > 0 ? Math.max(...finite.map(median)) : undefined;
}

/**
 * A gradient that is not the derivative of the loss: a part of the net is cut off from it, or an operation has a wrong
 * gradient. Along the signs of the gradient, where it claims most, and along random signs, where what it lacks shows.
 */
export const wrongGradients: BatchCheck = {
  name: 'wrong-gradients',
  number: 15,
  figure: 'median error of the gradient against finite differences',
  needs: 'batch',
  check(probe) {
    const { images, random } = probe;
    if (currentPrecision() === 'bf16') return notApplicable('bf16 blurs finite differences');
    const slopes = ownSlopes(probe);
    if (!slopes.dataSync().every(Number.isFinite)) return notApplicable('gradients are not finite');
    const signs = tf.tensor4d(random.uniforms(images.size, -1, 1), images.shape).sign() as tf.Tensor4D;
    const along = [slopes.sign() as tf.Tensor4D, signs].map((direction) =>
      errorsAlong(probe, slopes, direction),
    );
    const error = worstMedian(along.map(({ least }) => least));
    if (error === undefined) return notApplicable('the loss does not change');
    // Kinks, jumps of an argmax or rounding: no step tells what the derivative is.
    if (error > THRESHOLD && (worstMedian(along.map(({ certain }) => certain)) ?? 0) <= THRESHOLD)
      return notApplicable('finite differences of two steps differ as much from one another');
    return compare(
      error,
      THRESHOLD,
      () => `finite differences of the loss differ from its gradient by ${plain(error)} of it.`,
    );
  },
};
