import { defineMetric } from '../metric.ts';

/** The area under one ROC curve by ranks (Mann–Whitney U); equal scores share the mean of their ranks. NaN if a score is. */
export function areaUnderRoc(scores: readonly number[], positive: readonly boolean[]): number {
  if (scores.some(Number.isNaN)) return Number.NaN;
  const order = [...scores.keys()].sort((a, b) => (scores[a] as number) - (scores[b] as number));
  let rankSum = 0;
  for (let from = 0, to = 0; from < order.length; from = to) {
    const score = scores[order[from] as number];
    while (to < order.length && scores[order[to] as number] === score) to++;
    // Ranks count from 1, so those of from … to − 1 have this mean.
    const rank = (from + 1 + to) / 2;
    for (const i of order.slice(from, to)) if (positive[i]) rankSum += rank;
  }
  const positives = positive.filter(Boolean).length;
  const negatives = positive.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** log p_k − log(1 − p_k): orders images as the probability of the class does, but without its ties near 1. */
function logOdds(logits: ArrayLike<number>, k: number): number {
  const others = Array.from(logits).filter((_, j) => j !== k);
  const largest = Math.max(...others);
  return (
    (logits[k] as number) - largest - Math.log(others.reduce((sum, z) => sum + Math.exp(z - largest), 0))
  );
}

/**
 * Area under the ROC curve: the chance that an image of a class scores higher for it than an image of another.
 *
 * For two classes that of class 1; for more the mean over classes, each against the rest, of those that occur.
 * NaN while fewer than two classes occur, and where a logit is NaN or infinite ones leave no order. Ties count one half. Range [0, 1]; 0.5 is chance.
 * Not a mean over images, so it has no robustness curve.
 */
export const auroc = defineMetric({
  task: 'classification',
  better: 'higher',
  tally() {
    const rows: Float32Array[] = [];
    const actual: number[] = [];
    return {
      add(logits, labels) {
        const [batch, classes] = logits.shape as [number, number];
        const values = logits.dataSync();
        for (let i = 0; i < batch; i++)
          rows.push(Float32Array.from(values.subarray(i * classes, (i + 1) * classes)));
        actual.push(...labels.dataSync());
      },
      value() {
        const present = [...new Set(actual)];
        if (present.length < 2 || rows.some((row) => row.some(Number.isNaN))) return Number.NaN;
        const measured = rows[0]?.length === 2 ? [1] : present;
        const areas = measured.map((k) =>
          areaUnderRoc(
            rows.map((row) => logOdds(row, k)),
            actual.map((label) => label === k),
          ),
        );
        return areas.reduce((sum, area) => sum + area, 0) / areas.length;
      },
    };
  },
});
