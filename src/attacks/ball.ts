import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import type { Random } from '../random.ts';
import type { Ball, NormName, ThreatModel } from './threat.ts';

/** Below this an L2 norm is taken for 0; far below any gradient or perturbation that float32 can use. */
const tiny = 1e-12;

interface Norm {
  /** The largest distance of two images in [0, 1] with `size` values. */
  largest(size: number): number;
  /** Shortens perturbations to at most `epsilon`. */
  limit(perturbation: tf.Tensor4D, epsilon: number): tf.Tensor4D;
  /** Perturbations, uniform in the ball around 0. */
  sample(shape: tf.Tensor4D['shape'], epsilon: number, random: Random): tf.Tensor4D;
  /** For finite gradients. */
  ascent(gradient: tf.Tensor4D): tf.Tensor4D;
}

function lengths(images: tf.Tensor4D): tf.Tensor4D {
  return images.square().sum([1, 2, 3], true).sqrt() as tf.Tensor4D;
}

/** To length 1; 0 stays 0. Scaled by the largest value first, so that squares neither underflow nor overflow. */
function unit(images: tf.Tensor4D): tf.Tensor4D {
  const largest = images.abs().max([1, 2, 3], true);
  const scaled: tf.Tensor4D = images.div(tf.where(largest.greater(0), largest, tf.onesLike(largest)));
  return tf.div<tf.Tensor4D>(scaled, tf.maximum(lengths(scaled), tiny));
}

const linf: Norm = {
  largest: () => 1,
  limit: (perturbation, epsilon) => tf.clipByValue(perturbation, -epsilon, epsilon),
  sample(shape, epsilon, random) {
    return tf.tensor4d(random.uniforms(tf.util.sizeFromShape(shape), -epsilon, epsilon), shape);
  },
  ascent: (gradient) => gradient.sign(),
};

const l2: Norm = {
  largest: (size) => Math.sqrt(size),
  limit(perturbation, epsilon) {
    const shrink = tf.minimum(1, tf.div(epsilon, tf.maximum(lengths(perturbation), tiny)));
    return perturbation.mul(shrink);
  },
  sample(shape, epsilon, random) {
    const [batch, ...image] = shape;
    const size = tf.util.sizeFromShape(image);
    const directions = unit(tf.tensor4d(random.normals(batch * size, 0, 1), shape));
    // The share of a ball's volume within radius r is r^size, so u^(1/size) makes the radius uniform in volume.
    const radii = Float32Array.from({ length: batch }, () => epsilon * random.uniform() ** (1 / size));
    return directions.mul(tf.tensor4d(radii, [batch, 1, 1, 1]));
  },
  ascent: unit,
};

const norms: Readonly<Record<NormName, Norm>> = { linf, l2 };

function requireThreat({ norm, epsilon }: ThreatModel, size: number): Norm {
  const found = Object.hasOwn(norms, norm) ? norms[norm] : undefined;
  if (!found)
    throw new UsageError(`There is no norm "${norm}". Choose one of: ${Object.keys(norms).join(', ')}.`);
  const largest = found.largest(size);
  if (!(epsilon >= 0 && epsilon <= largest)) {
    throw new UsageError(
      `Epsilon in ${norm}: expected a number from 0 to ${Number(largest.toPrecision(4))}, received ${epsilon}. ` +
        'Pixels are in [0, 1], so write 8/255 for eight grey levels of 255.',
    );
  }
  return found;
}

/**
 * The ball of `threat` around each of `images`, `[batch, height, width, channels]` in [0, 1].
 *
 * L2 is per image, over all its values. Values that are not finite do not move a pixel in `ascent`; `craft`
 * reports them. Keeps `images`; the caller disposes them after the last use of the ball. Throws `UsageError`
 * for an epsilon that is negative or larger than the whole box.
 */
export function createBall(images: tf.Tensor4D, threat: ThreatModel): Ball {
  const { epsilon } = threat;
  const norm = requireThreat(threat, tf.util.sizeFromShape(images.shape.slice(1)));
  const around = (perturbation: tf.Tensor4D) => tf.clipByValue<tf.Tensor4D>(images.add(perturbation), 0, 1);
  return {
    epsilon,
    // Clipping to the box comes last: it moves pixels towards the clean image, hence never out of the ball.
    project: (moved) => tf.tidy(() => around(norm.limit(tf.sub(moved, images), epsilon))),
    sample: (random) => tf.tidy(() => around(norm.sample(images.shape, epsilon, random))),
    ascent: (gradient) =>
      tf.tidy(() => norm.ascent(tf.where(gradient.isFinite(), gradient, tf.zerosLike(gradient)))),
  };
}
