import * as tf from '@tensorflow/tfjs';
import { rowsOf } from '../../attacks/rows.ts';
import { currentPrecision } from '../../engine/engine.ts';
import { type BatchCheck, compare, notApplicable, type Probe } from './diagnostic.ts';
import { plain } from './figures.ts';
import { lengthOf, lossesOf, slopesOf } from './probing.ts';
import { isRandom, RANDOM } from './random-net.ts';

/**
 * Of the finite differences, in pixel units: float32 blurs short ones, kinks and curvature long ones. Those that mostly do
 * come first.
 */
const STEPS = [1 / 4080, 1 / 16_320, 1 / 1020, 1 / 65_280, 1 / 255, 1 / 261_120];
const THRESHOLD = 1e-2;
/** Half a grey level: in stored images neighbours are equal, and of the largest of equal ones there is no derivative. */
const DITHER = 0.5 / 255;

/**
 * Of each image how far the gradient is from what the loss does along a direction of signs, at the step where they
 * agree best, in shares of what is to be expected; NaN where the loss does not change, nor should. Once most agree, no
 * further step is tried.
 */
function errorsAlong(probe: Probe, slopes: tf.Tensor4D, direction: tf.Tensor4D): number[] {
  const { images } = probe;
  const slope = slopes.mul(direction).sum([1, 2, 3]).dataSync();
  // Along random signs, this is what the slope is in the mean square: a slope near 0 by chance is no scale.
  const lengths = rowsOf(slopes).map(lengthOf);
  let best = lengths.map(() => Number.POSITIVE_INFINITY);
  for (const step of STEPS) {
    const [ahead, behind] = [step, -step].map((by) =>
      tf.tidy(() => lossesOf(probe, images.add(direction.mul(by)) as tf.Tensor4D)),
    ) as [Float32Array, Float32Array];
    best = Array.from(slope, (expected, i) => {
      const found = ((ahead[i] as number) - (behind[i] as number)) / (2 * step);
      const scale = Math.max(Math.abs(found), Math.abs(expected), lengths[i] as number);
      return Math.min(best[i] as number, Math.abs(found - expected) / scale);
    });
    const finite = best.filter(Number.isFinite);
    if (finite.length > 0 && median(finite) <= THRESHOLD) break;
  }
  return best;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] as number) + (sorted[sorted.length >> 1] as number)) / 2;
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
    const { random } = probe;
    if (currentPrecision() === 'bf16') return notApplicable('bf16 blurs finite differences');
    if (isRandom(probe)) return notApplicable(RANDOM);
    const noise = tf.tensor4d(random.uniforms(probe.images.size, -DITHER, DITHER), probe.images.shape);
    const images = probe.images.add(noise) as tf.Tensor4D;
    const slopes = slopesOf(probe, images);
    if (!slopes.dataSync().every(Number.isFinite)) return notApplicable('gradients are not finite');
    const signs = tf.tensor4d(random.uniforms(images.size, -1, 1), images.shape).sign() as tf.Tensor4D;
    const along = [slopes.sign() as tf.Tensor4D, signs].map((direction) =>
      errorsAlong({ ...probe, images }, slopes, direction).filter(Number.isFinite),
    );
    const medians = along.filter((errors) => errors.length > 0).map(median);
    if (medians.length === 0) return notApplicable('the loss does not change');
    const error = Math.max(...medians);
    return compare(
      error,
      THRESHOLD,
      () => `finite differences of the loss differ from its gradient by ${plain(error)} of it.`,
    );
  },
};
