/** What a histogram is made of: anything numeric, flattened. */
export type Values = ArrayLike<number>;

interface Extent {
  readonly lowest: number;
  readonly highest: number;
  readonly count: number;
}

function finiteExtent(values: Values): Extent {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    // Of NaN and infinity alone; Number.isFinite is called, and there are millions of weights.
    if (value - value !== 0) continue;
    count++;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  return { lowest, highest, count };
}

/**
 * Buckets of equal width between the lowest and the highest value: `[buckets, 3]`, each left edge, right
 * edge, count. The last bucket holds the highest value.
 *
 * The edge cases are TensorBoard's: no values give zeros; equal values give buckets of no width, the last
 * of which counts them. NaN and infinite values are left out, as they belong to no bucket.
 */
export function histogramBuckets(values: Values, buckets: number): Float64Array {
  const rows = new Float64Array(buckets * 3);
  const { lowest, highest, count } = finiteExtent(values);
  if (count === 0 || buckets === 0) return rows;
  // Divided before the subtraction, which could overflow.
  const width = highest / buckets - lowest / buckets;
  // Rounding must not lift an edge above the highest value.
  const edge = (i: number) => (i === buckets ? highest : Math.min(lowest + width * i, highest));
  for (let bucket = 0; bucket < buckets; bucket++) {
    rows[bucket * 3] = edge(bucket);
    rows[bucket * 3 + 1] = edge(bucket + 1);
  }
  if (width > 0) {
    const counts = countsOf(values, { lowest, width, buckets });
    for (let bucket = 0; bucket < buckets; bucket++) rows[bucket * 3 + 2] = counts[bucket] as number;
  } else rows[rows.length - 1] = count;
  return rows;
}

function countsOf(
  values: Values,
  { lowest, width, buckets }: { lowest: number; width: number; buckets: number },
): Float64Array {
  const counts = new Float64Array(buckets);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value - value !== 0) continue;
    const bucket = Math.floor((value - lowest) / width);
    counts[bucket < buckets ? bucket : buckets - 1]! += 1;
  }
  return counts;
}
