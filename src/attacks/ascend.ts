// The loop that the attacks by projected steps share: along the gradient, back into the ball, the best iterate kept.

import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import type { AttackContext, AttackLoss } from './attack.ts';
import { type Best, better, unfinished } from './best.ts';
import { takeRows } from './rows.ts';

export interface Steps {
  readonly steps: number;
  /** A fraction of epsilon. */
  readonly stepSize: number;
  /** Of the momentum; absent, the gradient of each step stands for itself. */
  readonly decay?: number;
  /** The loss to raise at each step, counted from 0, whose values must compare; absent, that of the target. */
  readonly lossAt?: (step: number) => AttackLoss;
}

/** What goes from one step to the next: the images still at work, where they are in the batch, and their context. */
interface Ascent {
  readonly current: tf.Tensor4D;
  readonly indices: readonly number[];
  readonly part: AttackContext;
  /** Gradients summed up so far. */
  readonly velocity?: tf.Tensor4D;
}

/** Drops the images that are finished. */
function narrow({ current, indices, part, velocity }: Ascent, left: number[]): Ascent {
  return {
    current: takeRows(current, left),
    indices: left.map((i) => indices[i] as number),
    part: part.take(left),
    ...(velocity && { velocity: takeRows(velocity, left) }),
  };
}

/** Each gradient divided by the sum of its sizes, so that those of all steps weigh the same; 0 where it is broken. */
function normalised(gradient: tf.Tensor4D): tf.Tensor4D {
  const [, ...axes] = gradient.shape.keys();
  const sums = gradient.abs().sum(axes, true);
  const usable = sums.greater(0).logicalAnd(sums.less(Number.POSITIVE_INFINITY));
  return tf.where(usable, gradient.div(sums), tf.zerosLike(gradient));
}

interface Stepped {
  readonly best: Best;
  readonly next: tf.Tensor4D;
  readonly velocity?: tf.Tensor4D;
  /** Positions in the batch of the ascent. */
  readonly left: number[];
}

/** Judges the current images and moves them by one step: one pass forward and back. */
function step(
  { current, indices, part, velocity }: Ascent,
  before: Best,
  options: Steps,
  loss: AttackLoss | undefined,
): Stepped {
  let best = before;
  let left: number[] = [];
  const { stepSize, decay } = options;
  const made = tf.tidy(() => {
    const probed = part.probe(current, loss);
    best = better(before, current, indices, probed);
    left = unfinished(probed);
    const fresh = decay === undefined ? probed.gradient : normalised(probed.gradient);
    const along = velocity ? (velocity.mul(decay as number).add(fresh) as tf.Tensor4D) : fresh;
    const move = part.ball.ascent(along, current).mul(stepSize * part.ball.epsilon);
    const next = part.ball.project(current.add(move));
    return { next, images: best.images, ...(decay !== undefined && { along }) };
  });
  return { best, next: made.next, left, ...(made.along && { velocity: made.along }) };
}

/**
 * Steps from `start`, the images at `indices` of the batch of `context`, and one more forward pass for the last
 * iterate. `before` is what is known already; its images are left alone.
 */
export function ascend(
  start: tf.Tensor4D,
  indices: readonly number[],
  context: AttackContext,
  before: Best,
  options: Steps,
): Best {
  let ascent: Ascent = { current: start, indices, part: context.take(indices) };
  let best = before;
  for (let i = 0; i < options.steps; i++) {
    const { best: found, next, velocity, left } = step(ascent, best, options, options.lossAt?.(i));
    if (best !== before) best.images.dispose();
    tf.dispose([ascent.current, ascent.velocity ?? []]);
    best = found;
    ascent = { ...ascent, current: next, ...(velocity && { velocity }) };
    if (left.length === 0) return best;
    if (left.length < ascent.indices.length) {
      const done = ascent;
      ascent = narrow(ascent, left);
      tf.dispose([done.current, done.velocity ?? []]);
    }
  }
  const last = ascent.part.judge(ascent.current, options.lossAt?.(options.steps));
  return better(best, ascent.current, ascent.indices, last);
}

/** Refuses a number of steps or a step size that no attack can have. */
export function requireSteps(owner: string, { steps, stepSize }: Steps): void {
  requireCount(owner, 'steps', steps);
  requireOption(owner, 'stepSize', stepSize > 0, 'a number above 0', stepSize);
}

/** Refuses what is no whole number of at least 1. */
export function requireCount(owner: string, option: string, value: number): void {
  requireOption(owner, option, Number.isInteger(value) && value >= 1, 'a whole number from 1', value);
}
