// How far an attack may go before it is seen.

import * as tf from '@tensorflow/tfjs';
import type { Attack } from '../attacks/attack.ts';
import { judge, takeTarget } from '../attacks/context.ts';
import { takeRows } from '../attacks/rows.ts';
import { gradientLog } from '../attacks/watch.ts';
import type { Batch } from '../data/dataset.ts';
import type { Random } from '../random.ts';
import type { CurveOptions } from './curve.ts';
import { type Maker, makerOf } from './maker.ts';
import { imageScoreOf } from './metric.ts';
import { quantised, quantisedTowards } from './quantise.ts';
import { ssim } from './ssim.ts';

/** Mean structural similarity above which a change passes for unseen; a convention, and not of every eye. */
export const UNSEEN_SIMILARITY = 0.97;

/** Halvings of the range: what is computed once is cheap at any epsilon, the rest is made afresh each time. */
const HALVINGS = { once: 10, afresh: 6 };

export interface Unseen {
  /** 0 where even the smallest step is seen; at most the largest epsilon of the curve. */
  readonly epsilon: number;
  /** Mean structural similarity at this epsilon. */
  readonly ssim: number;
  /** How many images it is the mean of. */
  readonly images: number;
}

/** What is made at an epsilon of the images of one batch that are right when clean. */
interface Part {
  readonly clean: tf.Tensor4D;
  readonly maker: Maker;
}

function partsOf(attack: Attack, batches: readonly Batch[], options: CurveOptions): Part[] {
  const { net, norm, loss, metric, draws = 1, quantise, random } = options;
  const score = imageScoreOf(metric);
  return batches.flatMap((batch, b) => {
    const target = { logits: net.logits.bind(net), labels: batch.labels, loss, score, draws };
    const images = quantise ? quantised(batch.images, quantise) : batch.images;
    const { scores } = judge(target, images);
    const rows = [...scores.keys()].filter((i) => (scores[i] as number) > 0);
    if (rows.length === 0) return [];
    const clean = takeRows(images, rows);
    const stream: Random = random.stream(`batch-${b}`).stream(attack.name);
    const under = {
      images: clean,
      target: takeTarget(target, rows),
      norm,
      random: stream,
      log: gradientLog(),
    };
    return [{ clean, maker: makerOf(attack, under) }];
  });
}

/** Mean structural similarity of all that is made at `epsilon`. */
function similarityAt(epsilon: number, parts: readonly Part[], { quantise }: CurveOptions): number {
  const found: number[] = [];
  for (const { clean, maker } of parts) {
    tf.tidy(() => {
      const made = maker.make([...Array(clean.shape[0]).keys()], { epsilon, stream: 'unseen' });
      found.push(...ssim(clean, quantise ? quantisedTowards(clean, made, quantise) : made));
    });
  }
  return found.reduce((sum, value) => sum + value, 0) / found.length;
}

function search(attack: Attack, batches: readonly Batch[], options: CurveOptions): Unseen | undefined {
  let unseen: Unseen | undefined;
  tf.tidy(() => {
    const parts = partsOf(attack, batches, options);
    if (parts.length === 0) return;
    const images = parts.reduce((sum, { clean }) => sum + clean.shape[0], 0);
    let [low, high] = [0, Math.max(...options.epsilons)];
    unseen = { epsilon: 0, ssim: 1, images };
    const once = attack.direction !== undefined || attack.minimise !== undefined;
    let epsilon = high;
    for (let i = 0; i <= (once ? HALVINGS.once : HALVINGS.afresh) && low < high; i++) {
      const similarity = similarityAt(epsilon, parts, options);
      if (similarity >= UNSEEN_SIMILARITY) {
        low = epsilon;
        unseen = { epsilon, ssim: similarity, images };
      } else high = epsilon;
      epsilon = (low + high) / 2;
    }
  });
  return unseen;
}

/**
 * Of each attack the largest epsilon at which the mean structural similarity of what it makes is `UNSEEN_SIMILARITY` or
 * more, by bisection of the range up to the largest epsilon of the curve; undefined where no image is right when clean.
 *
 * Made with the attack itself, of the images that are right when clean, fooled or not. Single-step and minimal attacks
 * compute what they follow once, others run seven times. All of `data` is held in memory: 32 images will do.
 */
export async function largestUnseen(
  data: AsyncIterable<Batch>,
  attacks: readonly Attack[],
  options: CurveOptions,
): Promise<(Unseen | undefined)[]> {
  const batches: Batch[] = [];
  try {
    for await (const batch of data) batches.push(batch);
    return attacks.map((attack) => search(attack, batches, options));
  } finally {
    for (const batch of batches) batch[Symbol.dispose]();
  }
}
