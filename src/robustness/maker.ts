// How the three kinds of attacks make images for an epsilon.

import * as tf from '@tensorflow/tfjs';
import type { Attack, Target } from '../attacks/attack.ts';
import { createBall } from '../attacks/ball.ts';
import { takeTarget } from '../attacks/context.ts';
import { craft, directionOf, follow, nearestOf, shorten } from '../attacks/craft.ts';
import { takeRows } from '../attacks/rows.ts';
import type { NormName } from '../attacks/threat.ts';
import type { GradientLog } from '../attacks/watch.ts';
import type { Random } from '../random.ts';

export interface MakerOptions {
  /** Clean images, and what is attacked: all that will be asked for, and no more. */
  readonly images: tf.Tensor4D;
  readonly target: Target;
  readonly norm: NormName;
  readonly random: Random;
  readonly log: GradientLog;
}

export interface Asked {
  readonly epsilon: number;
  /** Names what is drawn at random. */
  readonly stream: string;
  /** As in `craft`, for these rows. */
  readonly start?: tf.Tensor4D | undefined;
}

export interface Maker {
  /** Of the images at `rows`, those of the attack; the caller disposes them. */
  make(rows: readonly number[], asked: Asked): tf.Tensor4D;
  /** Of a minimal attack: its images, and how far they are from the clean ones. */
  readonly nearest?: { readonly images: tf.Tensor4D; readonly distances: readonly number[] };
}

/**
 * Makes images at any epsilon: a direction (other than in l1) or the nearest images are computed once, here; what else
 * there is, is crafted afresh each time. Lives as long as the surrounding tidy.
 */
export function makerOf(attack: Attack, options: MakerOptions): Maker {
  const { images, target, norm, random, log } = options;
  // In l1 the length of a step decides how many values it moves.
  if ((attack.direction && norm !== 'l1') || attack.minimise) {
    const [compute, apply] = attack.minimise ? [nearestOf, shorten] : [directionOf, follow];
    const computed = compute(attack, images, target, norm, random, log);
    const { distances } = createBall(images, { norm, epsilon: 0 });
    return {
      make: (rows, { epsilon }) =>
        tf.tidy(() => apply(takeRows(computed, rows), takeRows(images, rows), { norm, epsilon })),
      ...(attack.minimise && { nearest: { images: computed, distances: distances(computed) } }),
    };
  }
  return {
    make: (rows, { epsilon, stream, start }) =>
      tf.tidy(() => {
        const [clean, under] = [takeRows(images, rows), takeTarget(target, rows)];
        return craft(attack, clean, under, { norm, epsilon }, random.stream(stream), log, start);
      }),
  };
}
