// Whether an attack loses a success that it had.

import type * as tf from '@tensorflow/tfjs';
import type { Attack, Target } from '../attacks/attack.ts';
import { rowsOf, takeRows } from '../attacks/rows.ts';
import type { NormName, ThreatModel } from '../attacks/threat.ts';
import type { Random } from '../random.ts';
import { type BatchUnderAttack, measureBatch, type Track } from './track.ts';

/** What float32 may lose of the change of a value. */
const ROUNDING = 2 ** -23;

/** What each value adds to the distance, and whether it is the largest or the sum that counts. */
const terms: Readonly<Record<NormName, (difference: number) => number>> = {
  linf: sizeOf,
  l2: (difference) => sizeOf(difference) ** 2,
  l1: sizeOf,
  l0: (difference) => (difference === 0 ? 0 : 1),
};

function sizeOf(difference: number): number {
  return Math.max(0, Math.abs(difference) - ROUNDING);
}

/** Whether two images are within the threat; looks no further than to the first value that tells. */
function isWithin(a: Float32Array, b: Float32Array, { norm, epsilon }: ThreatModel): boolean {
  const term = terms[norm];
  const radius = epsilon * (1 + 1e-5);
  const limit = norm === 'l2' ? radius * radius : radius;
  let distance = 0;
  for (let i = 0; i < a.length; i++) {
    const value = term((a[i] as number) - (b[i] as number));
    distance = norm === 'linf' ? Math.max(distance, value) : distance + value;
    if (distance > limit) return false;
  }
  return true;
}

interface Witness {
  /** The same target, with every pass through its net seen. */
  readonly target: Target;
  /** How many images have a score above 0 although some pass fooled the net with them, within the threat. */
  lost(scores: readonly number[]): number;
}

/**
 * Watches an attack on the clean `images` of a classifier from outside: of each image that passes through the net, it
 * finds the clean one that it is made of, the only one within the threat. An attack cannot forget it, nor has it to know.
 *
 * Undefined where no single pass decides, with several draws or maps of labels, and without scores.
 */
function witness(target: Target, images: tf.Tensor4D, threat: ThreatModel): Witness | undefined {
  const { labels, draws = 1, score } = target;
  if (labels.rank !== 1 || draws > 1 || !score) return undefined;
  const clean = rowsOf(images).map((row) => row.slice());
  const fooled = new Set<number>();

  /** Which clean image each of `moved` is made of; -1 where none is within reach, or several are. */
  const originsOf = (moved: tf.Tensor4D) =>
    rowsOf(moved).map((row) => {
      const isOrigin = (image: Float32Array) => isWithin(row, image, threat);
      const first = clean.findIndex(isOrigin);
      return first === clean.findLastIndex(isOrigin) ? first : -1;
    });

  const note = (moved: tf.Tensor4D, logits: tf.Tensor) => {
    const origins = originsOf(moved);
    const rows = [...origins.keys()].filter((row) => origins[row] !== -1);
    if (rows.length === 0) return;
    const of = rows.map((row) => origins[row] as number);
    const [seen, own] = [takeRows(logits, rows), takeRows(labels, of)];
    const scores = score(seen, own);
    seen.dispose();
    own.dispose();
    for (const [i, index] of of.entries()) if (scores[i] === 0) fooled.add(index);
  };

  return {
    target: {
      ...target,
      logits(moved) {
        const logits = target.logits(moved);
        note(moved, logits);
        return logits;
      },
    },
    lost: (scores) => [...fooled].filter((index) => (scores[index] as number) > 0).length,
  };
}

/**
 * `measureBatch`, which also counts the successes lost: images that a pass fooled the net with, within the largest
 * epsilon, and whose score at that epsilon is not 0 for all that.
 *
 * Of attacks by steps alone: a minimal attack passes successes on purpose, for nearer ones, and one for all images those of
 * single ones. And not where images are quantised, which may cost a success.
 */
export function measureWatched(track: Track, attack: Attack, batch: BatchUnderAttack, random: Random): void {
  const { norm, epsilons, images, target } = batch;
  const epsilon = epsilons.at(-1) as number;
  const decides = !attack.direction && !attack.minimise && !attack.together && !batch.quantise;
  const seen = decides ? witness(target, images, { norm, epsilon }) : undefined;
  measureBatch(track, attack, seen ? { ...batch, target: seen.target } : batch, random);
  if (!seen) return;
  const scores = track.scores.at(-1)?.slice(-images.shape[0]) ?? [];
  track.silent = (track.silent ?? 0) + seen.lost(scores);
}
