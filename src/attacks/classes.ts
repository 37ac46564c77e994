// What attacks on classifiers read out of logits.

import * as tf from '@tensorflow/tfjs';
import type { AttackContext } from './attack.ts';
import { noClass, predictedClasses } from './predicted.ts';

/** The classes of a row of logits, the highest first; of equal ones the first. */
export function ranking(logits: ArrayLike<number>): number[] {
  return Array.from(logits, (_, i) => i).sort((a, b) => (logits[b] as number) - (logits[a] as number));
}

/** Labels or goals as numbers. */
export function classesOf(classes: tf.Tensor): number[] {
  return Array.from(classes.dataSync());
}

/**
 * Which images are taken for their goal or, without goals, not for their label; those with a negative one count as done.
 * Logits that are NaN fool nobody.
 */
export function fooled(
  { labels, goals }: Pick<AttackContext, 'labels' | 'goals'>,
  logits: tf.Tensor,
): boolean[] {
  const predicted = predictedClasses(logits);
  return classesOf(goals ?? labels).map((label, i) => {
    if (label < 0) return true;
    return predicted[i] !== noClass && (predicted[i] === label) === (goals !== undefined);
  });
}

/** Rows of numbers as logits have, `[rows, classes]`: in each row, the sum of what is given for a class from 0. */
export function weightsOf(
  rows: readonly (readonly (readonly [label: number, weight: number])[])[],
  classes: number,
): tf.Tensor2D {
  const values = new Float32Array(rows.length * classes);
  for (const [i, row] of rows.entries()) {
    for (const [label, weight] of row) {
      if (label >= 0) values[i * classes + label] = (values[i * classes + label] as number) + weight;
    }
  }
  return tf.tensor2d(values, [rows.length, classes]);
}
