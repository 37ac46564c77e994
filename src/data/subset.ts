import type { Random } from '../random.ts';
import type { Dataset, SampleInfo } from './dataset.ts';

/** The samples at `indices`, in that order. It has no fixed splits. An index out of range is a `RangeError`. */
export function subset(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  const chosen = Array.from(indices);
  const samples = chosen.map((index) => {
    const sample = dataset.samples[index];
    if (sample) return sample;
    throw new RangeError(
      `${dataset.name} has ${dataset.samples.length} samples; there is no index ${index}.`,
    );
  });
  const { name, task, imageShape, classes, tables = [] } = dataset;
  return {
    ...{ name, task, imageShape, classes, samples, tables },
    read: (index) => dataset.read(chosen[index] as number),
    ...(dataset.filesOf && { filesOf: (index: number) => dataset.filesOf?.(chosen[index] as number) ?? [] }),
  };
}

/**
 * Of each sample what it counts as in a division: its label, or of several labels the rarest that is there, and one more
 * than all labels where none is; undefined in segmentation. Sechidis et al. 2011, On the stratification of multi-label
 * data, section 3.2, also serves the rarest label first.
 */
export function strataOf(samples: readonly SampleInfo[]): (number | undefined)[] {
  const counts: number[] = [];
  for (const { labels = [] } of samples)
    for (const [k, label] of labels.entries()) counts[k] = (counts[k] ?? 0) + (label === 1 ? 1 : 0);
  return samples.map(({ label, labels }) => {
    if (!labels) return label;
    const there = [...labels.keys()].filter((k) => labels[k] === 1);
    return there.length === 0
      ? labels.length
      : there.reduce((rarest, k) => ((counts[k] as number) < (counts[rarest] as number) ? k : rarest));
  });
}

/** Sample indices of each of `strataOf`, in order; one group, in segmentation. */
export function groupByLabel(samples: readonly SampleInfo[]): number[][] {
  const groups = new Map<number | undefined, number[]>();
  for (const [index, label] of strataOf(samples).entries()) {
    const group = groups.get(label);
    if (group) group.push(index);
    else groups.set(label, [index]);
  }
  return [...groups].sort(([a = -1], [b = -1]) => a - b).map(([, group]) => group);
}

/**
 * All samples, in an order whose every beginning holds each class as often as it is frequent, and at least once if it is
 * not shorter than there are classes.
 */
export function rankStratified(dataset: Dataset, random: Random): Int32Array {
  const ranked = groupByLabel(dataset.samples).flatMap((group) => {
    const order = random
      .stream(`label-${dataset.samples[group[0] as number]?.label}`)
      .permutation(group.length);
    // Where along its class a sample stands: the lowest `count` places take the same share of each.
    return Array.from(order, (position, rank) => ({
      index: group[position] as number,
      place: rank === 0 ? 0 : (rank + 0.5) / group.length,
    }));
  });
  ranked.sort((a, b) => a.place - b.place);
  return Int32Array.from(ranked, ({ index }) => index);
}

/**
 * Draws `count` samples without repetition, each class as often as it is frequent, and at least once
 * if `count` is not below the number of classes. Ascending indices; all, if there are fewer.
 */
export function sampleStratified(dataset: Dataset, count: number, random: Random): Int32Array {
  return rankStratified(dataset, random).slice(0, count).sort();
}
