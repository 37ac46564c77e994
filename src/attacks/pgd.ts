import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { type AttackContext, defineAttack } from './attack.ts';
import { type Best, better, nothingYet, unfinished } from './best.ts';
import { takeRows } from './rows.ts';

interface Steps {
  readonly steps: number;
  readonly stepSize: number;
  readonly randomStart: boolean;
}

/** What goes from one step to the next: the images still at work, where they are in the batch, and their context. */
interface Ascent {
  readonly current: tf.Tensor4D;
  readonly indices: readonly number[];
  readonly part: AttackContext;
}

function start(images: tf.Tensor4D, context: AttackContext, indices: number[], randomStart: boolean): Ascent {
  const part = context.take(indices);
  const current = randomStart ? part.ball.sample(part.random) : takeRows(images, indices);
  return { current, indices, part };
}

/** Drops the images that are finished. */
function narrow({ current, indices, part }: Ascent, left: number[]): Ascent {
  return {
    current: takeRows(current, left),
    indices: left.map((i) => indices[i] as number),
    part: part.take(left),
  };
}

interface Stepped {
  readonly best: Best;
  readonly next: tf.Tensor4D;
  /** Positions in the batch of the ascent. */
  readonly left: number[];
}

/** Judges the current images and moves them by `length` along their gradients: one pass forward and back. */
function step({ current, indices, part }: Ascent, before: Best, length: number): Stepped {
  let best = before;
  let left: number[] = [];
  const [next] = tf.tidy(() => {
    const probed = part.probe(current);
    best = better(before, current, indices, probed);
    left = unfinished(probed);
    const move = part.ball.ascent(probed.gradient).mul(length);
    return [part.ball.project(current.add(move)), best.images];
  });
  return { best, next: next as tf.Tensor4D, left };
}

/** One run of `steps` steps, and one more forward pass for the last iterate. */
function ascend(from: Ascent, before: Best, { steps, stepSize }: Steps): Best {
  let [ascent, best] = [from, before];
  for (let i = 0; i < steps; i++) {
    const stepped = step(ascent, best, stepSize * ascent.part.ball.epsilon);
    if (best !== before) best.images.dispose();
    ascent.current.dispose();
    best = stepped.best;
    ascent = { ...ascent, current: stepped.next };
    if (stepped.left.length === 0) return best;
    if (stepped.left.length < ascent.indices.length) {
      ascent = narrow(ascent, stepped.left);
      stepped.next.dispose();
    }
  }
  return better(best, ascent.current, ascent.indices, ascent.part.judge(ascent.current));
}

/**
 * Projected gradient descent: steps along the gradient, each followed by a projection into the ball.
 *
 * Returns of each image the best iterate, not the last: the lowest score, then the highest loss; so no success on
 * the way is lost. An image whose score reaches 0 is finished, and further steps and restarts leave it out.
 * Madry et al. 2017, arXiv:1706.06083, section 2.1; without a random start it is the basic iterative method of
 * Kurakin, Goodfellow and Bengio 2016, arXiv:1607.02533, section 2.2.
 */
export const pgd = defineAttack({
  defaults: {
    steps: 10,
    /** A fraction of epsilon: 2.5 / steps lets the attack cross the ball and turn round at its border. */
    stepSize: 0.25,
    /** Uniform in the ball; otherwise the clean image. */
    randomStart: true,
    /** How many random starts. */
    restarts: 1,
  },
  check({ steps, stepSize, randomStart, restarts }) {
    requireOption('pgd', 'steps', Number.isInteger(steps) && steps >= 1, 'a whole number from 1', steps);
    requireOption('pgd', 'stepSize', stepSize > 0, 'a number above 0', stepSize);
    requireOption(
      'pgd',
      'restarts',
      Number.isInteger(restarts) && restarts >= 1,
      'a whole number from 1',
      restarts,
    );
    requireOption('pgd', 'restarts', randomStart || restarts === 1, '1 without randomStart', restarts);
  },
  perturb(images, context, options) {
    let best = nothingYet(images);
    for (let restart = 0; restart < options.restarts; restart++) {
      const open = unfinished(best);
      if (open.length === 0) break;
      best = ascend(start(images, context, open, options.randomStart), best, options);
    }
    return best.images;
  },
});
