import { UsageError } from '../errors.ts';
import type { Random } from '../random.ts';
import type { Dataset } from './dataset.ts';
import { groupByLabel } from './subset.ts';

/**
 * An epoch in which every class comes as often as another: as many indices as there are samples, in random order. Those of a
 * rare class are repeated, each as often as another; of a frequent class some are left out.
 *
 * Throws `UsageError` for a segmentation, whose images have no class.
 */
export function balancedOrder({ name, task, samples }: Dataset, random: Random): Int32Array {
  if (task !== 'classification') {
    throw new UsageError(
      `data.sampling: expected images with a class each, received ${name}, a ${task}. Leave it out.`,
    );
  }
  const groups = groupByLabel(samples);
  const chosen = groups.flatMap((group, place) => {
    const count =
      Math.floor(((place + 1) * samples.length) / groups.length) -
      Math.floor((place * samples.length) / groups.length);
    const own = random.stream(`label-${samples[group[0] as number]?.label}`);
    const drawn: number[] = [];
    while (drawn.length < count) {
      const round = own.permutation(group.length).subarray(0, count - drawn.length);
      for (const position of round) drawn.push(group[position] as number);
    }
    return drawn;
  });
  return random.permutation(chosen.length).map((place) => chosen[place] as number);
}

/** Counts of each class: of images, or of pixels with a class in segmentation, for which every sample is read. */
async function countClasses(dataset: Dataset): Promise<number[]> {
  const counts: number[] = Array(dataset.classes.length).fill(0);
  const add = (label: number | undefined) => {
    if (label !== undefined && label >= 0) counts[label] = (counts[label] ?? 0) + 1;
  };
  for (const [index, sample] of dataset.samples.entries()) {
    if (dataset.task === 'classification') add(sample.label);
    else for (const label of (await dataset.read(index)).label as Int32Array) add(label);
  }
  return counts;
}

/**
 * A factor for each class, in inverse proportion to how frequent it is; the mean over all images (in segmentation: pixels) is
 * 1. King and Zeng 2001, Logistic regression in rare events data, Political Analysis 9(2), section 4.1. A class that does not
 * occur has 1. With several labels, of each the ratio of the images without it to those with it, for `positiveWeights`.
 */
export async function balancedWeights(dataset: Dataset): Promise<number[]> {
  if (dataset.task === 'multilabel') return presenceWeights(dataset);
  const counts = await countClasses(dataset);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const occurring = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count > 0 ? total / (occurring * count) : 1));
}

function presenceWeights({ classes, samples }: Dataset): number[] {
  return classes.map((_, k) => {
    const count = (value: number) => samples.filter(({ labels }) => labels?.[k] === value).length;
    const [there, absent] = [count(1), count(0)];
    return there > 0 && absent > 0 ? absent / there : 1;
  });
}
