// Losses of the attacks' own, of classifiers: all are shares of logits, chosen by their ranks, so their gradients
// never fade where a net is sure.

import type * as tf from '@tensorflow/tfjs';
import { crossEntropyPerImage } from '../engine/ops/cross-entropy.ts';
import type { AttackLoss } from './attack.ts';
import { classesOf, ranking, weightsOf } from './classes.ts';
import { rowsOf } from './rows.ts';

type Weights = readonly (readonly [label: number, weight: number])[];

/** Keeps a denominator off 0. */
const LEAST = 1e-12;

/** Softmax cross-entropy, whose gradient holds out to a lead of about 87. */
export const crossEntropy: AttackLoss = (logits, labels) => crossEntropyPerImage(logits, labels);

/** Σ above · z / (Σ below · z + 1e-12); the sum above alone where nothing is below. */
function share(
  logits: tf.Tensor,
  choose: (ranked: readonly number[], image: number) => { above: Weights; below?: Weights },
): tf.Tensor1D {
  const classes = logits.shape.at(-1) as number;
  const chosen = rowsOf(logits).map((row, image) => choose(ranking(row), image));
  const total = (rows: Weights[]) => logits.mul(weightsOf(rows, classes)).sum(-1) as tf.Tensor1D;
  const above = total(chosen.map((row) => row.above));
  if (!chosen[0]?.below) return above;
  return above.div(total(chosen.map((row) => row.below ?? [])).add(LEAST));
}

const runnerUp = (ranked: readonly number[], label: number) =>
  (ranked[0] === label ? ranked[1] : ranked[0]) as number;

/** The lead of the best wrong class: the highest other logit minus that of the label. Positive where it is wrong. */
export const lead: AttackLoss = (logits, labels) => {
  const own = classesOf(labels);
  return share(logits, (ranked, image) => {
    const label = own[image] as number;
    return {
      above: [
        [runnerUp(ranked, label), 1],
        [label, -1],
      ],
    };
  });
};

/**
 * Difference of logits ratio: the lead divided by the distance of the highest logit from the third, so that the scale
 * of the logits plays no part. Croce and Hein 2020, arXiv:2003.01690, equation 6; with two classes, where there is no
 * third logit, the lead itself.
 */
export const dlr: AttackLoss = (logits, labels) => {
  if ((logits.shape.at(-1) as number) < 3) return lead(logits, labels);
  const own = classesOf(labels);
  return share(logits, (ranked, image) => {
    const label = own[image] as number;
    return {
      above: [
        [runnerUp(ranked, label), 1],
        [label, -1],
      ],
      below: [
        [ranked[0] as number, 1],
        [ranked[2] as number, -1],
      ],
    };
  });
};

/**
 * The same towards one class an image: (z_target − z_label) / (z₁ − (z₃ + z₄) / 2), with logits in descending order;
 * equation 7 of the same paper. With fewer than four classes, the numerator.
 */
export function dlrTowards(targets: readonly number[]): AttackLoss {
  return (logits, labels) => {
    const own = classesOf(labels);
    const scaled = (logits.shape.at(-1) as number) >= 4;
    return share(logits, (ranked, image) => ({
      above: [
        [targets[image] as number, 1],
        [own[image] as number, -1],
      ],
      ...(scaled && {
        below: [
          [ranked[0] as number, 1],
          [ranked[2] as number, -0.5],
          [ranked[3] as number, -0.5],
        ],
      }),
    }));
  };
}
