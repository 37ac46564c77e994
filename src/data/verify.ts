import { RunError, UsageError } from '../errors.ts';
import type { Dataset, Sample } from './dataset.ts';
import { requireSound } from './sharp-file.ts';
import { subset } from './subset.ts';

/** A sample that cannot be read. */
export interface BadSample {
  readonly id: string;
  /** One line, with the name of the file. */
  readonly reason: string;
}

/** How many are decoded at once. */
const AT_ONCE = 8;

/**
 * Reads every sample once and gives those that cannot be read, in the order of the samples; `visit` sees the others, in no
 * order. What is wrong with the program and not with the data is thrown.
 */
export async function readAll(
  dataset: Dataset,
  visit: (sample: Sample, index: number) => void = () => {},
): Promise<BadSample[]> {
  const bad = new Map<number, BadSample>();
  // Samples may share a file: a volume, an archive.
  const checks = new Map<string, Promise<void>>();
  const sound = (file: string) => {
    const known = checks.get(file) ?? requireSound(file);
    checks.set(file, known);
    return known;
  };
  let next = 0;
  const run = async () => {
    while (next < dataset.samples.length) {
      const index = next++;
      try {
        const sample = await dataset.read(index);
        await Promise.all(dataset.filesOf?.(index).map(sound) ?? []);
        visit(sample, index);
      } catch (error) {
        if (!(error instanceof RunError || error instanceof UsageError)) throw error;
        bad.set(index, { id: dataset.samples[index]?.id ?? '', reason: error.message });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, run));
  return [...bad].sort(([a], [b]) => a - b).map(([, found]) => found);
}

/** Leaves bad samples out. Where none are left, a `UsageError` has the reason of the first. */
export function withoutBad(dataset: Dataset, bad: readonly BadSample[]): Dataset {
  if (bad.length === 0) return dataset;
  const ids = new Set(bad.map(({ id }) => id));
  const { fixedSplits } = dataset;
  const good = [...dataset.samples.keys()].filter((index) => !ids.has(dataset.samples[index]?.id ?? ''));
  if (good.length === 0)
    throw new UsageError(`Not one sample of ${dataset.name} can be read. ${bad[0]?.reason}`);
  const placeOf = new Map(good.map((index, place) => [index, place]));
  const placesOf = (indices: readonly number[]) => indices.flatMap((index) => placeOf.get(index) ?? []);
  return {
    ...subset(dataset, good),
    ...(fixedSplits && {
      fixedSplits: {
        train: placesOf(fixedSplits.train),
        validation: placesOf(fixedSplits.validation),
        test: placesOf(fixedSplits.test),
      },
    }),
  };
}
