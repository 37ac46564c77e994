import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { requireCount } from './ascend.ts';
import { type AttackContext, defineAttack } from './attack.ts';
import { bordersOf, nearestBorder, type Pair } from './borders.ts';
import { classesOf, fooled, ranking } from './classes.ts';
import { type Hyperplane, project } from './hyperplane.ts';
import { norms } from './norms.ts';
import { imagesOf, rowsOf } from './rows.ts';

/** How much the next image is drawn to the projection of the clean one, at most. */
const MOST = 0.1;

/** Within half of this a further run begins, as by default in the authors' code: what is made must not depend on epsilon. */
const REACH = { linf: 0.3, l2: 1, l1: 5 };

/** One image on its way. */
interface Search {
  readonly index: number;
  readonly clean: Float32Array;
  current: Float32Array;
  /** The nearest image that fools. */
  best: Float32Array;
  distance: number;
}

interface Setting {
  readonly steps: number;
  readonly overshoot: number;
  readonly shrink: number;
  readonly norm: 'linf' | 'l2' | 'l1';
}

/** The borders that an image, of the batch given, is measured against where it has these logits. */
type Choose = (logits: Float32Array, image: number) => readonly Pair[];

const difference = (a: Float32Array, b: Float32Array) => a.map((value, i) => value - (b[i] as number));

/** Between the projections of the current and of the clean image, both carried a little over the plane. */
function step({ current, clean }: Search, plane: Hyperplane, { overshoot, norm }: Setting): Float32Array {
  const [near, far] = [project(current, plane, norm), project(clean, plane, norm)];
  const [a, b] = [
    norms[norm].length(difference(near, current)),
    norms[norm].length(difference(far, clean)),
  ].map((length) => Math.max(length, 1e-8)) as [number, number];
  const share = Math.min(a / (a + b), MOST);
  return current.map((value, i) => {
    const [start, goal] = [clean[i] as number, far[i] as number];
    const moved = value + overshoot * ((near[i] as number) - value);
    const drawn = start + overshoot * (goal - start);
    return Math.min(1, Math.max(0, (1 - share) * moved + share * drawn));
  });
}

/** Steps of all images at once; what fools is noted, then drawn back towards the clean image. */
function search(
  searches: readonly Search[],
  context: AttackContext,
  choose: Choose,
  setting: Setting,
  like: tf.Tensor4D,
): void {
  let open = [...searches];
  for (let i = 0; i < setting.steps && open.length > 0; i++) {
    tf.tidy(() => {
      const part = context.take(open.map(({ index }) => index));
      const batch = imagesOf(
        open.map(({ current }) => current),
        like,
      );
      const borders = bordersOf(part, batch, (logits, image) =>
        choose(logits, (open[image] as Search).index),
      );
      const planes = borders.map((row, k) => {
        const border = nearestBorder(row, setting.norm);
        if (!border) return undefined;
        const { slope, lead } = border;
        const current = (open[k] as Search).current;
        return {
          slope,
          offset: lead - slope.reduce((sum, value, j) => sum + value * (current[j] as number), 0),
        };
      });
      open = open.filter((one, k) => {
        const plane = planes[k];
        if (plane) one.current = step(one, plane, setting);
        return plane !== undefined;
      });
      if (open.length === 0) return;
      const moved = imagesOf(
        open.map(({ current }) => current),
        like,
      );
      const left = context.take(open.map(({ index }) => index));
      for (const [k, done] of fooled(left, left.logits(moved)).entries()) {
        if (done) note(open[k] as Search, setting);
      }
    });
  }
}

function note(one: Search, { norm, shrink }: Setting): void {
  const { clean, current } = one;
  const distance = norms[norm].length(difference(current, clean));
  if (distance < one.distance) Object.assign(one, { distance, best: current });
  one.current = clean.map((value, i) => value + shrink * ((current[i] as number) - value));
}

/**
 * Where a further run begins: at random within half of the way to the nearest image that fools, as far as one is known,
 * and of `REACH`. Algorithm 1 of the paper.
 */
function startAgain(
  open: readonly Search[],
  { random }: AttackContext,
  norm: Setting['norm'],
  restart: number,
  like: tf.Tensor4D,
): void {
  const [, height, width, channels] = like.shape;
  const stream = random.stream(`restart-${restart}`);
  tf.tidy(() => {
    const noise = rowsOf(norms[norm].sample([open.length, height, width, channels], 1, stream));
    for (const [k, one] of open.entries()) {
      const radius = Math.min(one.distance, REACH[norm]) / 2;
      one.current = one.clean.map((value, i) =>
        Math.min(1, Math.max(0, value + radius * (noise[k]?.[i] as number))),
      );
    }
  });
}

/** Which borders each image is measured against, one run after the other; `clean` are the logits of the clean images. */
function runsOf(clean: tf.Tensor, { labels, goals }: AttackContext, targets: number): Choose[] {
  if (goals) {
    // What matters is the border with the highest other class, wherever the image is.
    const wanted = classesOf(goals);
    return [
      (logits, image) => {
        const goal = wanted[image] as number;
        return [[goal, ranking(logits).find((label) => label !== goal) as number]];
      },
    ];
  }
  const own = classesOf(labels);
  const pairs = rowsOf(clean).map((row, i) =>
    ranking(row)
      .filter((label) => label !== own[i])
      .map((label): Pair => [label, own[i] as number]),
  );
  if (targets === 0) return [(_, image) => pairs[image] as Pair[]];
  const runs = Math.min(targets, pairs[0]?.length ?? 0);
  return Array.from(
    { length: runs },
    (_, rank): Choose =>
      (__, image) => [pairs[image]?.[rank] as Pair],
  );
}

/**
 * Fast adaptive boundary attack: projections onto the nearest border of the linearised net, drawn towards the clean
 * image, so that among all images that fool it finds one of the nearest.
 *
 * Croce and Hein 2019, arXiv:1907.02044, algorithm 1, without its final search. Minimal in linf, l2 and l1.
 * A targeted attack, which the paper has not, goes for the border between the goal and the highest other
 * class.
 */
export const fab = defineAttack({
  task: 'classification',
  defaults: {
    steps: 100,
    /** 0: each step goes for the nearest of all borders. Otherwise, one run each for so many classes that rank next. */
    targets: 0,
    /** Runs; all but the first begin at random, near the image. */
    restarts: 1,
    /** How far over the border a step goes, as a multiple of the way to it. */
    overshoot: 1.05,
    /** What is left of the perturbation of an image that fools, for the next step. */
    shrink: 0.9,
  },
  check({ steps, targets, restarts, overshoot, shrink }) {
    requireCount('fab', 'steps', steps);
    requireCount('fab', 'restarts', restarts);
    requireOption(
      'fab',
      'targets',
      Number.isInteger(targets) && targets >= 0,
      'a whole number from 0',
      targets,
    );
    requireOption('fab', 'overshoot', overshoot >= 1, 'a number from 1', overshoot);
    requireOption('fab', 'shrink', shrink > 0 && shrink < 1, 'a number in (0, 1)', shrink);
  },
  minimise(images, context, { targets, restarts, ...options }) {
    const setting = { ...options, norm: context.ball.norm as Setting['norm'] };
    const logits = context.logits(images);
    const done = fooled(context, logits);
    const all = rowsOf(images).map((row, index): Search => {
      const clean = row.slice();
      return {
        index,
        clean,
        current: clean,
        best: clean,
        distance: done[index] ? 0 : Number.POSITIVE_INFINITY,
      };
    });
    const runs = runsOf(logits, context, targets);
    for (let restart = 0; restart < restarts; restart++) {
      for (const choose of runs) {
        const open = all.filter((one) => one.distance > 0);
        for (const one of open) one.current = one.clean;
        if (restart > 0 && open.length > 0) startAgain(open, context, setting.norm, restart, images);
        search(open, context, choose, setting, images);
      }
    }
    return imagesOf(
      all.map(({ best }) => best),
      images,
    );
  },
});
