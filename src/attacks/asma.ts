import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { requireCount } from './ascend.ts';
import { type AttackLoss, defineAttack } from './attack.ts';
import { scale } from './norms.ts';
import { type Aim, aimedRows, aimOf, aimOptions, checkAim } from './pixel-aim.ts';
import { logitAt, matching, sharesDone, summed } from './pixel-losses.ts';
import { imagesOf, rowsOf } from './rows.ts';

/** Of each image the mean over classes of the overlap of goals and predictions, over their union. */
function overlaps(logits: tf.Tensor, map: tf.Tensor): number[] {
  const classes = logits.shape.at(-1) as number;
  const [batch] = map.shape as [number];
  return tf.tidy(() => {
    const goals = tf.oneHot(map.toInt(), classes).toFloat();
    // Pixels without a goal are in no class.
    const counted = map.greaterEqual(0).toFloat().expandDims(-1);
    const predicted = tf.oneHot(logits.argMax(-1).toInt(), classes).toFloat().mul(counted);
    const sums = (values: tf.Tensor) => values.reshape([batch, -1, classes]).sum(1);
    const both = sums(goals.mul(predicted));
    const union = sums(goals).add(sums(predicted)).sub(both);
    return Array.from(both.div(union.add(1e-6)).mean(-1).dataSync());
  });
}

interface Looked {
  shares: Float32Array;
  overlaps: number[];
}

/** The goal's logit of all pixels that are not there, and a look at what is reached. */
function lossWith(aim: Aim, look: (seen: Looked) => void): AttackLoss {
  return summed(aim, (logits, { map }) => {
    look({ shares: sharesDone(logits, map, true), overlaps: overlaps(logits, map) });
    return logitAt(logits, map).mul(tf.sub(1, matching(logits, map)));
  });
}

/**
 * The adaptive segmentation mask attack: towards a map of goals by steps whose size grows with what is reached.
 *
 * Raises the goal's logit over the pixels that are not there, less the squared l2 length of the perturbation, by steps
 * of `beta` times the overlap of goals and predictions plus `tau`. Ozbulak, Van Messem and De Neve 2019,
 * arXiv:1907.13124, section 3. The overlap is of each image by itself. Returns the shortest perturbation with which
 * enough pixels are at their goals, or else the one with most. One run serves all epsilons.
 */
export const asma = defineAttack({
  task: 'segmentation',
  rows: aimedRows,
  norms: ['l2'],
  defaults: {
    steps: 1000,
    beta: 1e-6,
    tau: 1e-7,
    /** The share of the pixels aimed at that must be at their goals. */
    enough: 0.99,
    ...aimOptions,
    towards: 'background',
  },
  check(options) {
    const { steps, beta, tau, enough, towards } = options;
    requireCount('asma', 'steps', steps);
    requireOption('asma', 'beta', beta >= 0, 'a number from 0', beta);
    requireOption('asma', 'tau', tau > 0, 'a number above 0', tau);
    requireOption('asma', 'enough', enough > 0 && enough <= 1, 'a number in (0, 1]', enough);
    requireOption('asma', 'towards', towards !== 'away', 'background, swap or dilate', towards);
    checkAim('asma', options);
  },
  minimise(images, context, { steps, beta, tau, enough, ...options }) {
    const aim = aimOf(options, context);
    const best = rowsOf(images).map((pixels) => ({
      pixels: pixels.slice(),
      share: 0,
      distance: Number.POSITIVE_INFINITY,
    }));
    let current = images.clone();
    for (let step = 0; step < steps; step++) {
      const before = current;
      current = tf.tidy(() => {
        let seen: Looked | undefined;
        const { gradient } = context.probe(
          before,
          lossWith(aim, (now) => {
            seen = now;
          }),
        );
        const { shares, overlaps: overlap } = seen as unknown as Looked;
        const distances = context.ball.distances(before);
        for (const [i, pixels] of rowsOf(before).entries()) {
          const [share, distance] = [Math.min(shares[i] as number, enough), distances[i] as number];
          const known = best[i] as (typeof best)[number];
          // Of images that are as far along, the latest until enough is reached, and then the shortest.
          const asGood = share === known.share && (share < enough || distance < known.distance);
          const improved = share > known.share || asGood;
          if (improved) best[i] = { pixels: pixels.slice(), share, distance };
        }
        const sizes = overlap.map((of) => (step === 0 ? tau : beta * of + tau));
        const along = gradient.sub(before.sub(images).mul(2)) as tf.Tensor4D;
        return tf.clipByValue<tf.Tensor4D>(before.add(scale(along, sizes)), 0, 1);
      });
      before.dispose();
    }
    return imagesOf(
      best.map(({ pixels }) => pixels),
      images,
    );
  },
});
