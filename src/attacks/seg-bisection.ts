import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { requireCount } from './ascend.ts';
import { type AttackContext, defineAttack } from './attack.ts';
import { norms, scale } from './norms.ts';
import { aimedRows, aimOf, aimOptions, checkAim } from './pixel-aim.ts';
import { catchingUp } from './pixel-losses.ts';
import { imagesOf, rowsOf } from './rows.ts';
import type { Ball } from './threat.ts';

/** One image between a radius at which nothing was found and one at which something was. */
interface Search {
  low: number;
  high: number;
  /** The nearest image with enough, or else the one with most; and how much of it is done. */
  pixels: Float32Array;
  share: number;
}

const eachOf = (images: tf.Tensor4D) => tf.unstack(images).map((image) => image.expandDims(0) as tf.Tensor4D);

/** The ball of each image, of a radius of its own. */
function ballsOf(context: AttackContext, radii: readonly number[]): Ball[] {
  return radii.map((radius, i) => context.take([i]).within(radius).ball);
}

/** Each image into its ball. */
function projectEach(moved: tf.Tensor4D, balls: readonly Ball[]): tf.Tensor4D {
  return tf.concat(eachOf(moved).map((image, i) => (balls[i] as Ball).project(image)));
}

/** Where each image goes along its gradient in its ball: in l1 the radius decides how many values are moved. */
function ascendEach(gradient: tf.Tensor4D, from: tf.Tensor4D, balls: readonly Ball[]): tf.Tensor4D {
  const places = eachOf(from);
  return tf.concat(
    eachOf(gradient).map((slopes, i) => (balls[i] as Ball).ascent(slopes, places[i] as tf.Tensor4D)),
  );
}

/** Notes images that are better than what is known. */
function note(
  searches: readonly Search[],
  moved: tf.Tensor4D,
  context: AttackContext,
  shares: Float32Array,
  enough: number,
): void {
  const distances = context.ball.distances(moved);
  for (const [i, pixels] of rowsOf(moved).entries()) {
    const [search, share, distance] = [searches[i] as Search, shares[i] as number, distances[i] as number];
    const nearer = share >= enough && distance < search.high;
    const first = search.share < enough && share >= search.share;
    if (nearer || first) {
      search.pixels = pixels.slice();
      search.share = share;
    }
    if (nearer) search.high = distance;
  }
}

/**
 * The nearest image of which the net gets enough pixels wrong (or takes enough for their goals), by bisection of the
 * radius of the ball: in each round some steps of projected gradients in a ball of each image's own radius, from the
 * nearest image so far, along the loss of `dag`.
 *
 * Bisection as in the minimal Auto-PGD of Rony's adversarial library, for segmentation; what ALMA prox (Rony, Pesquet
 * and Ben Ayed 2023, arXiv:2206.07179) minimises, by plainer means. One run serves all epsilons; where not enough is
 * reached, the image with most of it is returned.
 */
export const segBisection = defineAttack({
  task: 'segmentation',
  rows: aimedRows,
  defaults: {
    /** Each halves what is between the radii. */
    rounds: 8,
    /** In each round. */
    steps: 40,
    /** The share of the pixels aimed at that must be where the attack wants them. */
    enough: 0.99,
    ...aimOptions,
  },
  check(options) {
    const { rounds, steps, enough } = options;
    requireCount('segBisection', 'rounds', rounds);
    requireCount('segBisection', 'steps', steps);
    requireOption('segBisection', 'enough', enough > 0 && enough <= 1, 'a number in (0, 1]', enough);
    checkAim('segBisection', options);
  },
  minimise(images, context, { rounds, steps, enough, ...options }) {
    const aim = aimOf(options, context);
    let shares: Float32Array = new Float32Array();
    const loss = catchingUp(aim, (now) => {
      shares = now;
    });
    const largest = norms[context.ball.norm].largest(images.size / images.shape[0]);
    const searches = rowsOf(images).map(
      (pixels): Search => ({ low: 0, high: largest, pixels: pixels.slice(), share: 0 }),
    );
    for (let round = 0; round < rounds; round++) {
      const radii = searches.map(({ low, high }) => (low + high) / 2);
      let current = tf.tidy(() =>
        projectEach(
          imagesOf(
            searches.map(({ pixels }) => pixels),
            images,
          ),
          ballsOf(context, radii),
        ),
      );
      const reached = radii.map(() => false);
      for (let step = 0; step <= steps; step++) {
        const before = current;
        current = tf.tidy(() => {
          const { gradient } = context.probe(before, loss);
          note(searches, before, context, shares, enough);
          for (const i of reached.keys()) reached[i] ||= (shares[i] as number) >= enough;
          // Long steps first, to cross the ball; short ones last; none where nothing is left to do.
          const share = Math.max(0.02, 0.5 * (1 - step / steps));
          const lengths = radii.map((radius, i) => (shares[i] === 1 ? 0 : radius * share));
          const balls = ballsOf(context, radii);
          const move = scale(ascendEach(gradient, before, balls), lengths);
          return projectEach(before.add(move), balls);
        });
        before.dispose();
      }
      current.dispose();
      for (const [i, search] of searches.entries()) if (!reached[i]) search.low = radii[i] as number;
    }
    return imagesOf(
      searches.map(({ pixels }) => pixels),
      images,
    );
  },
});
