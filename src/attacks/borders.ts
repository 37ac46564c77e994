// The borders between classes as they are from an image, where the net is taken for linear.

import type * as tf from '@tensorflow/tfjs';
import type { AttackContext } from './attack.ts';
import { weightsOf } from './classes.ts';
import { logitGradients } from './gradient.ts';
import { rowsOf } from './rows.ts';
import type { NormName } from './threat.ts';

/** Two classes: the one to go for, and the one to leave. */
export type Pair = readonly [to: number, from: number];

/** The lead of the class to go for, and the gradient of that by the image. */
export interface Border {
  readonly lead: number;
  readonly slope: Float32Array;
}

/**
 * The borders of each image between the pairs of classes that are chosen by its logits, as many for each image: one
 * forward pass, one back a pair.
 */
export function bordersOf(
  context: AttackContext,
  images: tf.Tensor4D,
  choose: (logits: Float32Array, image: number) => readonly Pair[],
): Border[][] {
  let pairs: (readonly Pair[])[] = [];
  const { logits, gradients } = logitGradients(context, images, (found) => {
    pairs = rowsOf(found).map(choose);
    return Array.from(pairs[0] ?? [], (_, rank) => {
      const ofRank = pairs.map((row) => row[rank] as Pair);
      const weights = ofRank.map(([to, from]) => [[to, 1] as const, [from, -1] as const]);
      return weightsOf(weights, found.shape.at(-1) as number);
    });
  });
  const [rows, slopes] = [rowsOf(logits), gradients.map(rowsOf)];
  return pairs.map((row, i) =>
    row.map(([to, from], rank) => ({
      lead: (rows[i]?.[to] as number) - (rows[i]?.[from] as number),
      slope: slopes[rank]?.[i] as Float32Array,
    })),
  );
}

/** The size of a slope in the norm that is dual to that of distances. */
export function dualSize(slope: Float32Array, norm: NormName): number {
  if (norm === 'l1') return slope.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  let sum = 0;
  for (const value of slope) sum += norm === 'linf' ? Math.abs(value) : value ** 2;
  return norm === 'linf' ? sum : Math.sqrt(sum);
}

/** The nearest of the borders, with its distance; undefined where none can be reached. */
export function nearestBorder(
  borders: readonly Border[],
  norm: NormName,
): (Border & { distance: number }) | undefined {
  let nearest: (Border & { distance: number }) | undefined;
  for (const border of borders) {
    const distance = Math.abs(border.lead) / dualSize(border.slope, norm);
    if (!Number.isFinite(distance) || distance >= (nearest?.distance ?? Number.POSITIVE_INFINITY)) continue;
    nearest = { ...border, distance };
  }
  return nearest;
}
