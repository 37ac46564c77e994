import * as tf from '@tensorflow/tfjs';
import { type BatchCheck, compare, notApplicable, type Probe } from './diagnostic.ts';
import { mean, plain } from './figures.ts';
import { lossesOf, slopesOf, tidied } from './probing.ts';
import { isRandom, RANDOM } from './random-net.ts';

/** Four grey levels of 255. */
const RADIUS = 4 / 255;
const STEPS = 5;
/** Drawn until the verdict is clear: until so many standard errors are between the mean and the threshold. */
const DRAWS = { least: 3, most: 10, errors: 4 };
/** Sound nets without a defence were measured to reach 0.14. */
const THRESHOLD = 0.25;

const clipped = (images: tf.Tensor4D, by: tf.Tensor) => images.add(by).clipByValue(0, 1) as tf.Tensor4D;

/** Where steps along the signs of the gradient arrive within the radius. */
function climbed(probe: Probe): tf.Tensor4D {
  const { images } = probe;
  let moved = images;
  for (let i = 0; i < STEPS; i++) {
    const step = slopesOf(probe, moved)
      .sign()
      .mul(RADIUS / 2);
    moved = clipped(images, moved.add(step).sub(images).clipByValue(-RADIUS, RADIUS));
  }
  return moved;
}

const relative = (loss: number, other: number) => Math.abs(other - loss) / Math.max(Math.abs(loss), 1);

/** Whether further draws would hardly change on which side of the threshold their mean is. */
function isClear(changes: readonly number[]): boolean {
  if (changes.length < DRAWS.least) return false;
  const middle = mean(changes);
  const squares = changes.reduce((sum, change) => sum + (change - middle) ** 2, 0);
  const error = Math.sqrt(squares / (changes.length - 1) / changes.length);
  return Math.abs(middle - THRESHOLD) > DRAWS.errors * error;
}

/**
 * A loss that jumps where an attack arrives, so that a gradient says nothing about its surroundings: how much a little
 * noise changes it. After Pintor et al. 2022, Indicators of attack failure, arXiv:2106.09947, with departures that
 * docs/sanity-checks.md names.
 */
export const unstableLoss: BatchCheck = {
  name: 'unstable-loss',
  number: 14,
  figure: 'mean change of the loss under noise of 4/255, of the loss',
  needs: 'batch',
  check(probe) {
    const { images, random } = probe;
    if (isRandom(probe)) return notApplicable(RANDOM);
    const attacked = climbed(probe);
    const losses = lossesOf(probe, attacked);
    if (!losses.every(Number.isFinite)) return notApplicable('losses are not finite');
    const changes: number[] = [];
    while (changes.length < DRAWS.most && !isClear(changes)) {
      const around = tidied(() => {
        const noise = tf.tensor4d(random.uniforms(images.size, -RADIUS, RADIUS), images.shape);
        return lossesOf(probe, clipped(attacked, noise));
      });
      changes.push(mean(Array.from(losses, (loss, i) => relative(loss, around[i] as number))));
    }
    const change = mean(changes);
    return compare(
      change,
      THRESHOLD,
      () => `noise of 4/255 changes the loss of attacked images by ${plain(change)} of itself.`,
    );
  },
};
