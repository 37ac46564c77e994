import * as tf from '@tensorflow/tfjs';
import type { Verdict } from './attack.ts';
import { takeRows } from './rows.ts';

/** The best image so far of each clean one, and its verdict. */
export interface Best {
  readonly images: tf.Tensor4D;
  readonly losses: Float32Array;
  readonly scores: Float32Array;
}

/** Nothing tried yet: anything is better than the clean images. */
export function nothingYet(clean: tf.Tensor4D): Best {
  return {
    images: clean,
    losses: new Float32Array(clean.shape[0]).fill(Number.NEGATIVE_INFINITY),
    scores: new Float32Array(clean.shape[0]).fill(Number.POSITIVE_INFINITY),
  };
}

interface Known {
  readonly score: number;
  readonly loss: number;
}

/** Whether an image is better than what is known: a lower score, or as low a score and a higher loss; NaN is no loss. */
export function beats({ score, loss }: Known, best: Known): boolean {
  return score < best.score || (score === best.score && (loss > best.loss || Number.isNaN(best.loss)));
}

/** Positions of the images that are still worth work. */
export function unfinished({ scores }: { readonly scores: Float32Array }): number[] {
  return [...scores.keys()].filter((i) => scores[i] !== 0);
}

/**
 * `best`, where `images` (those at `indices` of the batch) do not beat it. The images of the result are a new tensor.
 */
export function better(best: Best, images: tf.Tensor4D, indices: readonly number[], verdict: Verdict): Best {
  const losses = best.losses.slice();
  const scores = best.scores.slice();
  const batch = losses.length;
  const rows = Array.from({ length: batch }, (_, i) => i);
  for (const [i, index] of indices.entries()) {
    const [score, loss] = [verdict.scores[i] as number, verdict.losses[i] as number];
    const known = { score: scores[index] as number, loss: losses[index] as number };
    if (!beats({ score, loss }, known)) continue;
    [scores[index], losses[index]] = [score, loss];
    rows[index] = batch + i;
  }
  return {
    images: tf.tidy(() => takeRows(tf.concat([best.images, images]), rows)),
    losses,
    scores,
  };
}
