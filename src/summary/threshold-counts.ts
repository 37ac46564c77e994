// Precision–recall and ROC curves out of counts: memory does not grow with the number of images or pixels.

/**
 * How many probabilities of positives and of negatives are at or above each of the thresholds 0, …, 1, which are evenly
 * spaced; so both fall.
 */
export interface ThresholdCounts {
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
}

/** Counts probabilities one by one; `counts` gives what has come so far. */
export interface ThresholdTally {
  add(probability: number, positive: boolean): void;
  counts(): ThresholdCounts;
}

/** A tally at `thresholds` (201) thresholds. A probability that is NaN is left out. */
export function thresholdTally(thresholds = 201): ThresholdTally {
  const [positives, negatives] = [new Float64Array(thresholds), new Float64Array(thresholds)];
  return {
    add(probability, positive) {
      const bucket = Math.floor(probability * (thresholds - 1));
      if (Number.isNaN(bucket)) return;
      (positive ? positives : negatives)[Math.min(Math.max(bucket, 0), thresholds - 1)]! += 1;
    },
    counts: () => ({ positives: sumFromEnd(positives), negatives: sumFromEnd(negatives) }),
  };
}

function sumFromEnd(buckets: Float64Array): Float64Array {
  const sums = Float64Array.from(buckets);
  for (let i = sums.length - 2; i >= 0; i--) sums[i]! += sums[i + 1] as number;
  return sums;
}

/** The rows of TensorBoard: true and false positives, true and false negatives, precision, recall; `[6, thresholds]`. */
export function precisionRecall({ positives, negatives }: ThresholdCounts): Float64Array {
  const thresholds = positives.length;
  const rows = new Float64Array(6 * thresholds);
  const [allPositives, allNegatives] = [positives[0] as number, negatives[0] as number];
  for (let i = 0; i < thresholds; i++) {
    const [hits, alarms] = [positives[i] as number, negatives[i] as number];
    const column = [
      hits,
      alarms,
      allNegatives - alarms,
      allPositives - hits,
      // 0 where nothing is called positive, as TensorBoard has it.
      hits / Math.max(1e-7, hits + alarms),
      hits / Math.max(1e-7, allPositives),
    ];
    for (const [row, value] of column.entries()) rows[row * thresholds + i] = value;
  }
  return rows;
}

/** False and true positive rates from (0, 0) to (1, 1); empty where there are no positives or no negatives. */
export function rocPoints({ positives, negatives }: ThresholdCounts): { x: number; y: number }[] {
  const [allPositives, allNegatives] = [positives[0] ?? 0, negatives[0] ?? 0];
  if (allPositives === 0 || allNegatives === 0) return [];
  const points = Array.from(positives, (hits, i) => ({
    x: (negatives[i] as number) / allNegatives,
    y: hits / allPositives,
  })).reverse();
  return [{ x: 0, y: 0 }, ...points];
}
