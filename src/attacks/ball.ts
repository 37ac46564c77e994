import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import { inverse, type Norm, norms, scale } from './norms.ts';
import { rowsOf } from './rows.ts';
import type { Ball, ThreatModel } from './threat.ts';

/** The gradient with 0 in the place of NaN and infinity. */
function finite(gradient: tf.Tensor4D): tf.Tensor4D {
  // Read first: almost every gradient is finite, and reading is cheaper than replacing nothing.
  for (const value of gradient.dataSync()) {
    if (!Number.isFinite(value)) return tf.where(gradient.isFinite(), gradient, tf.zerosLike(gradient));
  }
  return gradient;
}

function requireThreat({ norm, epsilon }: ThreatModel, size: number): Norm {
  const found = Object.hasOwn(norms, norm) ? norms[norm] : undefined;
  if (!found)
    throw new UsageError(`There is no norm "${norm}". Choose one of: ${Object.keys(norms).join(', ')}.`);
  const largest = found.largest(size);
  if (!(epsilon >= 0 && epsilon <= largest)) {
    const unit =
      norm === 'l0'
        ? 'It counts values: a channel of a pixel is one.'
        : 'Pixels are in [0, 1], so write 8/255 for eight grey levels of 255.';
    throw new UsageError(
      `Epsilon in ${norm}: expected a number from 0 to ${Number(largest.toPrecision(4))}, received ${epsilon}. ${unit}`,
    );
  }
  return found;
}

/**
 * The ball of `threat` around each of `images`, `[batch, height, width, channels]` in [0, 1].
 *
 * Sizes are per image, over all its values. Values that are not finite do not move a pixel in `ascent`; `craft`
 * reports them. Keeps `images`; the caller disposes them after the last use of the ball. Throws `UsageError`
 * for an epsilon that is negative or larger than the whole box.
 */
export function createBall(images: tf.Tensor4D, threat: ThreatModel): Ball {
  const { epsilon } = threat;
  const norm = requireThreat(threat, tf.util.sizeFromShape(images.shape.slice(1)));
  const around = (perturbation: tf.Tensor4D) => tf.clipByValue<tf.Tensor4D>(images.add(perturbation), 0, 1);
  const lengths = (perturbation: tf.Tensor4D) => rowsOf(perturbation).map((row) => norm.length(row));
  return {
    norm: threat.norm,
    epsilon,
    // Clipping to the box comes last: it moves pixels towards the clean image, hence never out of the ball.
    project: (moved) => tf.tidy(() => around(norm.limit(tf.sub(moved, images), epsilon, images))),
    sample: (random) => tf.tidy(() => around(norm.sample(images.shape, epsilon, random))),
    ascent: (gradient, from = images) => tf.tidy(() => norm.ascent(finite(gradient), from, epsilon)),
    unit: (perturbation) =>
      threat.norm === 'l0'
        ? perturbation.clone()
        : tf.tidy(() => scale(perturbation, lengths(perturbation).map(inverse))),
    distances: (moved) => {
      const difference = tf.sub<tf.Tensor4D>(moved, images);
      const found = lengths(difference);
      difference.dispose();
      return found;
    },
  };
}
