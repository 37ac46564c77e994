import * as tf from '@tensorflow/tfjs';
import { type BatchCheck, compare, notApplicable, type Probe } from './diagnostic.ts';
import { mean, plain } from './figures.ts';
import { lossesOf, slopesOf } from './probing.ts';
import { isRandom, RANDOM } from './random-net.ts';

/** Four grey levels of 255. */
const RADIUS = 4 / 255;
const STEPS = 5;
const DRAWS = 10;
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
    const changes = Array.from({ length: DRAWS }, () =>
      tf.tidy(() => {
        const noise = tf.tensor4d(random.uniforms(images.size, -RADIUS, RADIUS), images.shape);
        const around = lossesOf(probe, clipped(attacked, noise));
        return mean(
          Array.from(
            losses,
            (loss, i) => Math.abs((around[i] as number) - loss) / Math.max(Math.abs(loss), 1),
          ),
        );
      }),
    );
    const change = mean(changes);
    return compare(
      change,
      THRESHOLD,
      () => `noise of 4/255 changes the loss of attacked images by ${plain(change)} of itself.`,
    );
  },
};
