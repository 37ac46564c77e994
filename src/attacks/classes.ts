// What attacks on classifiers read out of logits.

import * as tf from '@tensorflow/tfjs';
import type { AttackContext } from './attack.ts';

/** The classes of a row of logits, the highest first; of equal ones the first. */
export function ranking(logits: ArrayLike<number>): number[] {
  return Array.from(logits, (_, i) => i).sort((a, b) => (logits[b] as number) - (logits[a] as number));
}

/** Labels or goals as numbers. */
export function classesOf(classes: tf.Tensor): number[] {
  return Array.from(classes.dataSync());
}

/** Which images are taken for their goal or, without goals, not for their label. Logits that are NaN fool nobody. */
export function fooled(
  { labels, goals }: Pick<AttackContext, 'labels' | 'goals'>,
  logits: tf.Tensor,
): boolean[] {
  const predicted = tf.tidy(() => logits.argMax(-1).dataSync<'int32'>());
  const broken = tf.tidy(() => logits.isNaN().any(-1).dataSync());
  const against = classesOf(goals ?? labels);
  return against.map((label, i) => !broken[i] && (predicted[i] === label) === (goals !== undefined));
}

/** Rows of numbers as logits have, `[rows, classes]`: in each row, the sum of what is given for a class. */
export function weightsOf(
  rows: readonly (readonly (readonly [label: number, weight: number])[])[],
  classes: number,
): tf.Tensor2D {
  const values = new Float32Array(rows.length * classes);
  for (const [i, row] of rows.entries()) {
    for (const [label, weight] of row)
      values[i * classes + label] = (values[i * classes + label] as number) + weight;
  }
  return tf.tensor2d(values, [rows.length, classes]);
}
