import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { requireCount } from './ascend.ts';
import { type AttackContext, defineAttack } from './attack.ts';
import { type Border, bordersOf, dualSize, nearestBorder, type Pair } from './borders.ts';
import { classesOf, fooled, ranking } from './classes.ts';
import { imagesOf, rowsOf, takeRows } from './rows.ts';

/** Added to every distance, so that the step crosses the border it aims at. */
const BEYOND = 1e-4;

/** The shortest step to the nearest of the borders; undefined where none can be reached. */
function stepTo(borders: readonly Border[], norm: 'linf' | 'l2'): Float32Array | undefined {
  const nearest = nearestBorder(borders, norm);
  if (!nearest) return undefined;
  const { distance, slope } = nearest;
  const length = distance + BEYOND;
  const size = norm === 'linf' ? 1 : dualSize(slope, norm);
  return slope.map((value) => length * (norm === 'linf' ? Math.sign(value) : value / size));
}

/** For each image the pairs of classes whose borders are looked at: [towards, away from]. */
function pairsOf(logits: tf.Tensor, { labels, goals }: AttackContext, candidates: number): Pair[][] {
  const own = classesOf(labels);
  const wanted = goals && classesOf(goals);
  return rowsOf(logits).map((row, i) => {
    const ranked = ranking(row);
    if (wanted) return [[wanted[i] as number, ranked[0] as number]];
    const others = ranked.filter((label) => label !== own[i]).slice(0, candidates - 1);
    return others.map((label) => [label, own[i] as number]);
  });
}

const sum = (a: Float32Array, b: Float32Array) => a.map((value, i) => value + (b[i] as number));

/**
 * DeepFool: steps to the nearest border, each as if the net were linear, until the class changes.
 *
 * Moosavi-Dezfooli, Fawzi and Frossard 2015, arXiv:1511.04599, algorithm 2, and section 3.3 for linf; in l1 the steps of
 * l2. As in their code, only the classes that rank highest are looked at, ranked once on the clean image; every distance
 * is lengthened by 1e-4, without which the last step may end on the border. With `overshoot` the sum of the steps is
 * lengthened, not each. A targeted attack, which the paper has not, goes for the border between the goal and the class
 * found at each step.
 */
export const deepFool = defineAttack({
  task: 'classification',
  defaults: {
    /** At most. */
    steps: 50,
    /** By how much the perturbation is lengthened, as a share of it. */
    overshoot: 0.02,
    /** How many classes, the own one among them. */
    candidates: 10,
  },
  check({ steps, overshoot, candidates }) {
    requireCount('deepFool', 'steps', steps);
    requireOption('deepFool', 'overshoot', overshoot >= 0, 'a number from 0', overshoot);
    requireOption(
      'deepFool',
      'candidates',
      Number.isInteger(candidates) && candidates >= 2,
      'a whole number from 2',
      candidates,
    );
  },
  minimise(images, context, { steps, overshoot, candidates }) {
    const norm = context.ball.norm === 'linf' ? 'linf' : 'l2';
    const clean = rowsOf(images);
    const totals = clean.map((row) => new Float32Array(row.length));
    const reached = clean.slice();
    let open = [...clean.keys()];
    const pairs: Pair[][] = [];
    for (let step = 0; open.length > 0; step++) {
      tf.tidy(() => {
        let part = context.take(open);
        let current = imagesOf(
          open.map((i) => reached[i] as Float32Array),
          images,
        );
        const logits = part.logits(current);
        if (step === 0 || context.goals)
          for (const [i, row] of pairsOf(logits, part, candidates).entries()) pairs[open[i] as number] = row;
        const left = fooled(part, logits).flatMap((done, i) => (done ? [] : [i]));
        open = step === steps ? [] : left.map((i) => open[i] as number);
        if (open.length === 0) return;
        [part, current] = [part.take(left), takeRows(current, left)];
        const chosen = open.map((i) => pairs[i] as Pair[]);
        const borders = bordersOf(part, current, (_, image) => chosen[image] as Pair[]);
        const stuck = new Set<number>();
        for (const [k, i] of open.entries()) {
          const move = stepTo(borders[k] as Border[], norm);
          if (!move) {
            stuck.add(i);
            continue;
          }
          const total = sum(totals[i] as Float32Array, move);
          totals[i] = total;
          reached[i] = (clean[i] as Float32Array).map((value, j) =>
            Math.min(1, Math.max(0, value + (1 + overshoot) * (total[j] as number))),
          );
        }
        open = open.filter((i) => !stuck.has(i));
      });
    }
    return imagesOf(reached, images);
  },
});
