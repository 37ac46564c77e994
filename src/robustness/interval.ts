export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The 0.975 quantile of the normal distribution. */
const z = 1.959964;

/** The 0.975 quantiles of Student's t with 1, 2, … degrees of freedom. */
const studentSmall = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306];

/** Above the table, the Cornish–Fisher expansion (Abramowitz and Stegun 26.7.5), right to 0.001 there. */
function student(degrees: number): number {
  const tabled = studentSmall[degrees - 1];
  if (tabled !== undefined) return tabled;
  return (
    z +
    (z ** 3 + z) / (4 * degrees) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * degrees ** 3)
  );
}

/** Wilson 1927, for `hits` of `n`: never empty at 0 or 1, where the normal interval is. */
function wilson(hits: number, n: number): Interval {
  const share = hits / n;
  const centre = share + z ** 2 / (2 * n);
  const width = z * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
  const scale = 1 + z ** 2 / n;
  return { low: Math.max(0, (centre - width) / scale), high: Math.min(1, (centre + width) / scale) };
}

/**
 * The 95 % interval of a mean of scores in [0, 1], for the draw of the images; not for that of the training.
 *
 * Scores that are all 0 or 1 (accuracy) are a proportion and take Wilson's interval, others (Dice) that of
 * Student's t, cut to [0, 1]. One score, or scores that are all alike, say nothing about spread and take
 * Wilson's too, which is wider than it need be. No score at all gives NaN.
 */
export function intervalOf(scores: ArrayLike<number>): Interval {
  const values = Array.from(scores);
  const n = values.length;
  const mean = values.reduce((sum, score) => sum + score, 0) / n;
  if (n === 0) return { low: Number.NaN, high: Number.NaN };
  const spread = Math.sqrt(values.reduce((sum, score) => sum + (score - mean) ** 2, 0) / Math.max(1, n - 1));
  const alike = values.every((score) => score === values[0]);
  if (alike || values.every((score) => score === 0 || score === 1)) return wilson(mean * n, n);
  const half = (student(n - 1) * spread) / Math.sqrt(n);
  return { low: Math.max(0, mean - half), high: Math.min(1, mean + half) };
}
