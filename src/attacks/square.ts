import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import type { Random } from '../random.ts';
import { requireCount } from './ascend.ts';
import { type AttackContext, defineAttack } from './attack.ts';
import { lead } from './logit-losses.ts';
import { imagesOf, rowsOf } from './rows.ts';
import { type Grid, startL2, startLinf, tryL2, tryLinf } from './squares.ts';

/** The share of the image that a square covers: halved ever more rarely, at these shares of the schedule. */
const HALVINGS = [0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8];

/** Queries of the schedule as published. */
export const PUBLISHED_SCHEDULE = 10_000;

function shareAt(query: number, schedule: number, first: number): number {
  return first / 2 ** HALVINGS.filter((share) => query > share * schedule).length;
}

/** One image on its way. */
interface Search {
  readonly index: number;
  readonly clean: Float32Array;
  readonly random: Random;
  current: Float32Array;
  loss: number;
}

interface Setting {
  readonly queries: number;
  readonly share: number;
  /** Over how many queries the squares become small. */
  readonly schedule: number;
}

/** The attack `square`, with a schedule of its own. */
export function searchSquares(
  images: tf.Tensor4D,
  context: AttackContext,
  { queries, share, schedule }: Setting,
): tf.Tensor4D {
  const [, height, width, channels] = images.shape;
  const grid: Grid = { height, width, channels };
  const { epsilon, norm } = context.ball;
  const [start, attempt] = norm === 'linf' ? [startLinf, tryLinf] : [startL2, tryL2];
  const all: Search[] = rowsOf(images).map((row, index) => {
    const clean = row.slice();
    const random = context.random.stream(`image-${index}`);
    return {
      index,
      clean,
      random,
      current: start(clean, grid, epsilon, random),
      loss: Number.NEGATIVE_INFINITY,
    };
  });
  let open = all;
  for (let query = 0; query < queries && open.length > 0; query++) {
    const side = Math.sqrt(shareAt(query, schedule, share) * height * width);
    const tried = open.map(({ clean, current, random }) =>
      query === 0 ? current : attempt(clean, current, grid, epsilon, side, random),
    );
    let losses = new Float32Array();
    tf.tidy(() => {
      const part = context.take(open.map(({ index }) => index));
      losses = part.judge(imagesOf(tried, images), lead).losses.slice();
    });
    for (const [i, search] of open.entries()) {
      const loss = losses[i] as number;
      if (loss > search.loss) Object.assign(search, { loss, current: tried[i] });
    }
    // Towards goals the sign is turned: the lead of the others falls below 0 where the goal is reached.
    open = open.filter(({ loss }) => !(loss > 0));
  }
  return imagesOf(
    all.map(({ current }) => current),
    images,
  );
}

/**
 * Square attack: a random search that asks the net for logits only, so masked gradients do not stop it.
 *
 * It moves the values of a random square to the border of the ball and keeps what raises the lead of the best wrong
 * class (towards goals: what lowers that over the goal). Andriushchenko et al. 2019, arXiv:1912.00049, algorithms 1 to
 * 3, for linf and l2. Squares are drawn for each image by itself and fit into the shorter side; images are left out
 * once fooled; the schedule is stretched to the number of queries, as the paper does in section 5.
 */
export const square = defineAttack({
  task: 'classification',
  norms: ['linf', 'l2'],
  defaults: {
    /** At most, of each image. */
    queries: 5000,
    /** The share of the image that the first squares cover. */
    share: 0.8,
  },
  check({ queries, share }) {
    requireCount('square', 'queries', queries);
    requireOption('square', 'share', share > 0 && share <= 1, 'a number in (0, 1]', share);
  },
  perturb: (images, context, options) =>
    searchSquares(images, context, { ...options, schedule: options.queries }),
});
