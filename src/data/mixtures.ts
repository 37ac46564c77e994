import { UsageError } from '../errors.ts';
import type { Random } from '../random.ts';
import type { Dataset } from './dataset.ts';

/**
 * Each image of `dataset` in equal parts with one of another class: what is neither. Labels and ids are those of the
 * first one. The same `random` gives the same pairs.
 *
 * Throws `UsageError` for a segmentation, whose images have no class, and for data of one class.
 */
export function mixtures(dataset: Dataset, random: Random): Dataset {
  const { name, task, imageShape, classes, samples } = dataset;
  const labels = new Set(samples.map(({ label }) => label));
  if (task !== 'classification' || labels.size < 2) {
    throw new UsageError(
      `Mixtures of two classes: expected images of at least two classes, received ${name}, a ${task} ` +
        `of ${labels.size}. Leave ambiguity out.`,
    );
  }
  const othersOf = new Map(
    [...labels].map((label) => [label, [...samples.keys()].filter((j) => samples[j]?.label !== label)]),
  );
  const partners = samples.map(({ id, label }) => {
    const others = othersOf.get(label) as number[];
    return others[random.stream(id).integer(others.length)] as number;
  });
  return {
    ...{ name, task, imageShape, classes, samples },
    async read(index) {
      const [one, other] = await Promise.all([dataset.read(index), dataset.read(partners[index] as number)]);
      return { ...one, pixels: one.pixels.map((value, i) => (value + (other.pixels[i] as number)) / 2) };
    },
  };
}
