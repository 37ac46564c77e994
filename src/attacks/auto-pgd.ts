// The loop of Auto-PGD, for any loss.

import * as tf from '@tensorflow/tfjs';
import type { AttackContext, AttackLoss, Verdict } from './attack.ts';
import { adaptSparsity, FIRST_SHARE, type Sparsity, sparseInterval, sparseStep } from './auto-pgd-l1.ts';
import { beats } from './best.ts';
import { scale } from './norms.ts';
import { imagesOf, rowsOf } from './rows.ts';
import type { NormName } from './threat.ts';

export interface AutoPgdOptions {
  readonly steps: number;
  /** The share of steps that must have raised the loss for the step size to stay. */
  readonly rho: number;
}

/** One image on its way. */
interface Climb {
  /** In the batch given. */
  readonly index: number;
  x: Float32Array;
  before: Float32Array;
  gradient: Float32Array;
  /** Where the loss was highest, and the gradient there. */
  best: { x: Float32Array; gradient: Float32Array; loss: number };
  /** Where the score was lowest, then the loss highest: what is returned. */
  result: { x: Float32Array; score: number; loss: number };
  stepSize: number;
  /** After each step, the start first. */
  readonly losses: number[];
  /** In l1. */
  readonly sparsity: Sparsity;
  atLastCheck: { best: number; reduced: boolean };
}

/** The steps after which step sizes are looked at, each with the number of steps since the last time. */
function checkpoints(steps: number, norm: NormName): Map<number, number> {
  if (norm === 'l1') {
    const every = sparseInterval(steps);
    return new Map(Array.from({ length: Math.floor(steps / every) }, (_, i) => [(i + 1) * every, every]));
  }
  const [first, shrink, least] = [0.22, 0.03, 0.06].map((share) =>
    Math.max(1, Math.floor(share * steps)),
  ) as [number, number, number];
  const checks = new Map<number, number>();
  for (let [at, since] = [first, first]; at <= steps; ) {
    checks.set(at, since);
    since = Math.max(since - shrink, least);
    at += since;
  }
  return checks;
}

/** Halves the step size where the last `since` steps did too little, and goes back to the best image. */
function check(climb: Climb, since: number, rho: number): void {
  const { losses, best, atLastCheck } = climb;
  const recent = losses.slice(-since - 1);
  const rises = recent.filter((loss, i) => i > 0 && loss > (recent[i - 1] as number)).length;
  const stalled = !atLastCheck.reduced && atLastCheck.best >= best.loss;
  const reduced = rises <= rho * since || stalled;
  climb.atLastCheck = { best: best.loss, reduced };
  if (!reduced) return;
  climb.stepSize /= 2;
  backToBest(climb);
}

function checkSparse(climb: Climb, clean: Float32Array, epsilon: number): void {
  const { sparsity, best, stepSize } = climb;
  const next = adaptSparsity(sparsity, best.x, clean, { stepSize, epsilon });
  climb.stepSize = next.stepSize;
  if (next.sparser) backToBest(climb);
}

function backToBest(climb: Climb): void {
  climb.x = climb.best.x;
  climb.gradient = climb.best.gradient;
}

function note(climb: Climb, x: Float32Array, gradient: Float32Array, score: number, loss: number): void {
  climb.losses.push(loss);
  if (loss > climb.best.loss) climb.best = { x, gradient, loss };
  if (beats({ score, loss }, climb.result)) climb.result = { x, score, loss };
}

/** A step of each image; but in l1, with momentum after the first one. */
function move(climbs: readonly Climb[], part: AttackContext, first: boolean, like: tf.Tensor4D): tf.Tensor4D {
  const { ball } = part;
  const batch = (key: 'x' | 'before' | 'gradient') =>
    imagesOf(
      climbs.map((climb) => climb[key]),
      like,
    );
  const x = batch('x');
  if (ball.norm === 'l1') {
    const steps = climbs.map(({ gradient, sparsity, stepSize }) =>
      sparseStep(gradient, sparsity.share).map((value) => stepSize * value),
    );
    return ball.project(x.add(imagesOf(steps, like)));
  }
  const step = scale(
    ball.ascent(batch('gradient'), x),
    climbs.map(({ stepSize }) => stepSize),
  );
  const plain = ball.project(x.add(step));
  if (first) return plain;
  const along = plain
    .sub(x)
    .mul(0.75)
    .add(x.sub(batch('before')).mul(0.25));
  return ball.project(x.add(along));
}

/**
 * Auto-PGD from `start`, moved from the images of `context`, which are `clean`: ascent with momentum whose step size, at
 * first twice epsilon, is halved for each image by itself when its loss no longer rises. In l1, steps without momentum,
 * at first of length epsilon, that move few values. Returns of each image the iterate with the lowest
 * score, then the highest loss; an image whose score reaches 0 is finished. The caller disposes of `start` and of the
 * result.
 *
 * `lossOf` gives the loss to raise for the images at some rows. Croce and Hein 2020, arXiv:2003.01690, algorithm 1.
 */
export function autoPgd(
  start: tf.Tensor4D,
  clean: tf.Tensor4D,
  context: AttackContext,
  { steps, rho }: AutoPgdOptions,
  lossOf: (rows: readonly number[]) => AttackLoss,
): { readonly images: tf.Tensor4D; readonly verdict: Verdict } {
  const { norm, epsilon } = context.ball;
  const all: Climb[] = rowsOf(start).map((values, index) => {
    const x = values.slice();
    const nothing = Number.NEGATIVE_INFINITY;
    return {
      index,
      x,
      before: x,
      gradient: x,
      best: { x, gradient: x, loss: nothing },
      result: { x, score: Number.POSITIVE_INFINITY, loss: nothing },
      stepSize: (norm === 'l1' ? 1 : 2) * epsilon,
      losses: [],
      sparsity: { share: FIRST_SHARE, changed: x.length },
      atLastCheck: { best: nothing, reduced: true },
    };
  });
  const checks = checkpoints(steps, norm);
  const cleanRows = rowsOf(clean);
  let open = all;
  let part = context;
  for (let step = 0; step <= steps && open.length > 0; step++) {
    const done = tf.tidy(() => {
      const indices = open.map(({ index }) => index);
      part = context.take(indices);
      const moved =
        step === 0
          ? imagesOf(
              open.map(({ x }) => x),
              start,
            )
          : move(open, part, step === 1, start);
      const loss = lossOf(indices);
      const probed: Verdict & { gradient?: tf.Tensor4D } =
        step === steps ? part.judge(moved, loss) : part.probe(moved, loss);
      const [xs, gradients] = [rowsOf(moved), probed.gradient && rowsOf(probed.gradient)];
      for (const [i, climb] of open.entries()) {
        const x = (xs[i] as Float32Array).slice();
        const gradient = gradients?.[i]?.slice() ?? climb.gradient;
        climb.before = climb.x;
        climb.x = x;
        climb.gradient = gradient;
        note(climb, x, gradient, probed.scores[i] as number, probed.losses[i] as number);
        if (step === 0) climb.atLastCheck.best = climb.best.loss;
      }
      return probed.scores;
    });
    const since = checks.get(step);
    open = open.filter((_, i) => done[i] !== 0);
    if (since === undefined) continue;
    for (const climb of open) {
      if (norm === 'l1') checkSparse(climb, cleanRows[climb.index] as Float32Array, epsilon);
      else check(climb, since, rho);
    }
  }
  return {
    images: imagesOf(
      all.map(({ result }) => result.x),
      start,
    ),
    verdict: {
      scores: Float32Array.from(all, ({ result }) => result.score),
      losses: Float32Array.from(all, ({ result }) => result.loss),
    },
  };
}
