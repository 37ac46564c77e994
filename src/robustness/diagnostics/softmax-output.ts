import { type BatchCheck, compare } from './diagnostic.ts';
import { percent } from './figures.ts';
import { ownOutputs } from './probing.ts';

const tolerance = 1e-5;

function isProbabilities(row: ArrayLike<number>): boolean {
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    const value = row[i] as number;
    if (!(value >= -tolerance && value <= 1 + tolerance)) return false;
    sum += value;
  }
  return Math.abs(sum - 1) <= tolerance;
}

/** Probabilities in the place of logits, as AutoAttack's `check_range_output` finds them (arXiv:2003.01690, its code). */
export const softmaxOutput: BatchCheck = {
  name: 'softmax-output',
  number: 11,
  figure: 'share of outputs in [0, 1] whose sum is 1',
  needs: 'batch',
  check(probe) {
    const { values, classes } = ownOutputs(probe);
    const places = values.length / classes;
    let found = 0;
    for (let i = 0; i < places; i++) {
      if (isProbabilities(values.subarray(i * classes, (i + 1) * classes))) found++;
    }
    const share = found / places;
    return compare(share, 0.99, () => `${percent(share)} of the outputs are probabilities, not logits.`);
  },
};
