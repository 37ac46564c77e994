import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { type AttackContext, defineAttack } from './attack.ts';
import { bestPair } from './best-pair.ts';
import { classesOf, fooled, ranking, weightsOf } from './classes.ts';
import { logitGradients } from './gradient.ts';
import { norms } from './norms.ts';
import { imagesOf, rowsOf } from './rows.ts';
import type { NormName } from './threat.ts';

/** Values this close to the end of their range are left alone. */
const MARGIN = 0.01;

/** One image on its way towards one class. */
interface Search {
  readonly index: number;
  readonly target: number;
  readonly current: Float32Array;
  /** 1 for the values that may still be moved; each is moved once. */
  readonly usable: Uint8Array;
}

/** The nearest image found for a clean one, over all targets. */
interface Found {
  readonly clean: Float32Array;
  image: Float32Array;
  distance: number;
}

function begin(clean: Float32Array, index: number, target: number, theta: number): Search {
  const usable = Uint8Array.from(clean, (value) =>
    (theta > 0 ? value < 1 - MARGIN : value > MARGIN) ? 1 : 0,
  );
  return { index, target, current: clean.slice(), usable };
}

interface Looked {
  readonly done: readonly boolean[];
  /** Of each image: how fast the logit of its class rises with each value, and how fast the others' sum falls. */
  readonly towards: readonly Float32Array[];
  readonly others: readonly Float32Array[];
}

/** One pass forward, and two back unless it is the last. */
function look(open: readonly Search[], context: AttackContext, last: boolean, like: tf.Tensor4D): Looked {
  const batch = imagesOf(
    open.map(({ current }) => current),
    like,
  );
  const { logits, gradients } = logitGradients(context, batch, (found) => {
    if (last) return [];
    const classes = found.shape.at(-1) as number;
    const targets = weightsOf(
      open.map(({ target }) => [[target, 1]]),
      classes,
    );
    return [targets, targets.sub(1)];
  });
  const [towards = [], others = []] = gradients.map(rowsOf);
  return { done: fooled(context, logits), towards, others };
}

/** Moves the best pair of values; says whether there was one. */
function movePair(
  { current, usable }: Search,
  towards: Float32Array,
  others: Float32Array,
  theta: number,
): boolean {
  const way = Math.sign(theta);
  const [a, b] = [towards.map((slope) => way * slope), others.map((slope) => way * slope)];
  for (const [i, value] of a.entries()) if (!Number.isFinite(value + (b[i] as number))) usable[i] = 0;
  const pair = bestPair(a, b, usable);
  for (const place of pair ?? []) {
    current[place] = Math.min(1, Math.max(0, (current[place] as number) + theta));
    usable[place] = 0;
  }
  return pair !== undefined;
}

const distanceOf = ({ current }: Search, { clean }: Found, norm: NormName) =>
  norms[norm].length(current.map((value, i) => value - (clean[i] as number)));

/** Runs towards one class an image, until each fools, is farther than the nearest known or has moved enough values. */
function run(
  searches: readonly Search[],
  found: Found[],
  context: AttackContext,
  options: { theta: number; iterations: number },
  like: tf.Tensor4D,
): void {
  const { norm } = context.ball;
  let open = [...searches];
  for (let i = 0; i <= options.iterations && open.length > 0; i++) {
    tf.tidy(() => {
      const part = context.take(open.map(({ index }) => index));
      const { done, towards, others } = look(open, part, i === options.iterations, like);
      open = open.filter((search, k) => {
        const nearest = found[search.index] as Found;
        const distance = distanceOf(search, nearest, norm);
        if (distance >= nearest.distance) return false;
        if (done[k]) Object.assign(nearest, { distance, image: search.current.slice() });
        else if (towards[k]) return movePair(search, towards[k], others[k] as Float32Array, options.theta);
        return false;
      });
    });
  }
}

/** The classes to go for, of each image, one after the other. */
function targetsOf(logits: tf.Tensor, { labels, goals }: AttackContext, count: number): number[][] {
  if (goals) return classesOf(goals).map((goal) => [goal]);
  const own = classesOf(labels);
  return rowsOf(logits).map((row, i) => {
    const others = ranking(row).filter((label) => label !== own[i]);
    return others.slice(0, count === 0 ? others.length : count);
  });
}

/**
 * Jacobian-based saliency map attack: again and again the two values are moved that raise the logit of a class most
 * while they lower the others', so that few values change.
 *
 * Papernot et al. 2015, arXiv:1511.07528, algorithm 3 and equations 8 and 9, with derivatives of logits and not of
 * probabilities. The attack of the paper is targeted; without goals, every other class is gone for, until the image is
 * taken for anything but its label, and the nearest of these images is returned. Minimal in l0, of channels of pixels;
 * in other norms the same images, measured there. The search for the pair is exact, at a cost that grows with the size
 * of the image and not with its square.
 */
export const jsma = defineAttack({
  task: 'classification',
  norms: ['l0', 'l1', 'l2', 'linf'],
  defaults: {
    /** By how much a value is moved, once; below 0, downwards. */
    theta: 1,
    /** The share of the values that may be moved. */
    gamma: 0.1,
    /** Without goals, how many classes are gone for, the highest first; 0: all. */
    targets: 0,
  },
  check({ theta, gamma, targets }) {
    requireOption('jsma', 'theta', theta !== 0 && Math.abs(theta) <= 1, 'a number in [-1, 1], not 0', theta);
    requireOption('jsma', 'gamma', gamma > 0 && gamma <= 1, 'a number in (0, 1]', gamma);
    requireOption(
      'jsma',
      'targets',
      Number.isInteger(targets) && targets >= 0,
      'a whole number from 0',
      targets,
    );
  },
  minimise(images, context, { theta, gamma, targets }) {
    const { logits, done } = tf.tidy(() => {
      const made = context.logits(images);
      return { logits: made, done: fooled(context, made) };
    });
    const clean = rowsOf(images).map((row) => row.slice());
    const found = clean.map((row, i): Found => {
      return { clean: row, image: row, distance: done[i] ? 0 : Number.POSITIVE_INFINITY };
    });
    const wanted = targetsOf(logits, context, targets);
    const iterations = Math.ceil((gamma * (clean[0]?.length ?? 0)) / 2);
    for (let rank = 0; rank < (wanted[0]?.length ?? 0); rank++) {
      const searches = clean.map((row, i) => begin(row, i, wanted[i]?.[rank] as number, theta));
      run(
        searches.filter(({ index }) => !done[index]),
        found,
        context,
        { theta, iterations },
        images,
      );
    }
    return imagesOf(
      found.map(({ image }) => image),
      images,
    );
  },
});
