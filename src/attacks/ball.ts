import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import type { Random } from '../random.ts';
import type { Ball, NormName, ThreatModel } from './threat.ts';

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

/** The L2 norm of each image, in double precision: squares of float32 neither underflow nor overflow. */
function lengths(images: tf.Tensor4D): number[] {
  const values = images.dataSync();
  const size = values.length / images.shape[0];
  return Array.from({ length: images.shape[0] }, (_, image) => {
    let sum = 0;
    for (let i = image * size; i < (image + 1) * size; i++) sum += (values[i] as number) ** 2;
    return Math.sqrt(sum);
  });
}

/** Each image times its factor; one by one, as tfjs on the CPU broadcasts slowly. */
function scale(images: tf.Tensor4D, factors: readonly number[]): tf.Tensor4D {
  return tf.stack(tf.unstack(images).map((image, i) => image.mul(factors[i] as number))) as tf.Tensor4D;
}

/** The inverse of a length, within float32; 0 of 0. */
function inverse(length: number): number {
  return length === 0 ? 0 : Math.min(1 / length, 3e38);
}

/** The gradient with 0 in the place of NaN and infinity. */
function finite(gradient: tf.Tensor4D): tf.Tensor4D {
  // Read first: almost every gradient is finite, and reading is cheaper than replacing nothing.
  for (const value of gradient.dataSync()) {
    if (!Number.isFinite(value)) return tf.where(gradient.isFinite(), gradient, tf.zerosLike(gradient));
  }
  return gradient;
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
    const factors = lengths(perturbation).map((length) => Math.min(1, epsilon * inverse(length)));
    return scale(perturbation, factors);
  },
  sample(shape, epsilon, random) {
    const [batch, ...image] = shape;
    const size = tf.util.sizeFromShape(image);
    const directions = tf.tensor4d(random.normals(batch * size, 0, 1), shape);
    // The share of a ball's volume within radius r is r^size, so u^(1/size) makes the radius uniform in volume.
    const factors = lengths(directions).map(
      (length) => inverse(length) * epsilon * random.uniform() ** (1 / size),
    );
    return scale(directions, factors);
  },
  ascent: (gradient) => scale(gradient, lengths(gradient).map(inverse)),
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
    ascent: (gradient) => tf.tidy(() => norm.ascent(finite(gradient))),
  };
}
