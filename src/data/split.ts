import { UsageError } from '../errors.ts';
import type { Random } from '../random.ts';
import type { Dataset, SplitName } from './dataset.ts';
import { groupByLabel, subset } from './subset.ts';

export type Splits = Readonly<Record<SplitName, Dataset>>;

/** Shares of the samples; the rest is for training. */
export interface SplitFractions {
  readonly validation: number;
  /** 0 makes an empty test split. */
  readonly test: number;
}

const names = ['train', 'validation', 'test'] as const satisfies readonly SplitName[];

function checkFractions({ validation, test }: SplitFractions): void {
  if (validation > 0 && test >= 0 && validation + test < 1) return;
  throw new UsageError(
    'Split: expected a validation fraction above 0, a test fraction of at least 0, and less than 1 together, ' +
      `received ${validation} and ${test}.`,
  );
}

/** Samples of each patient, all of one patient together: the largest first, those of one size in random order. */
function shufflePatients(dataset: Dataset, random: Random): number[][] {
  const patients = new Map<string, number[]>();
  for (const [index, { patient }] of dataset.samples.entries()) {
    const samples = patients.get(patient);
    if (samples) samples.push(index);
    else patients.set(patient, [index]);
  }
  const groups = [...patients.values()];
  const shuffled = Array.from(random.permutation(groups.length), (i) => groups[i] as number[]);
  return shuffled.sort((a, b) => b.length - a.length);
}

/**
 * Gives each patient to the split that is furthest below its share of the patient's labels.
 *
 * The greedy step that lowers the squared distance of all label counts from their targets most;
 * large patients go first, as small ones can still even out what they left.
 */
function assign(
  dataset: Dataset,
  fractions: Record<SplitName, number>,
  random: Random,
): Record<SplitName, number[]> {
  const labelGroups = groupByLabel(dataset.samples);
  const stratum = new Int32Array(dataset.samples.length);
  for (const [group, indices] of labelGroups.entries()) for (const index of indices) stratum[index] = group;
  const wanted = names.filter((name) => fractions[name] > 0);
  const missing = new Map(
    wanted.map((name) => [name, labelGroups.map((group) => group.length * fractions[name])] as const),
  );
  const splits: Record<SplitName, number[]> = { train: [], validation: [], test: [] };
  for (const patient of shufflePatients(dataset, random)) {
    const need = (name: SplitName) =>
      patient.reduce((sum, index) => sum + (missing.get(name)?.[stratum[index] as number] as number), 0);
    const chosen = wanted.reduce((best, name) => (need(name) > need(best) ? name : best));
    splits[chosen].push(...patient);
    const left = missing.get(chosen) as number[];
    for (const index of patient) (left[stratum[index] as number] as number)--;
  }
  return splits;
}

/**
 * Divides a dataset by patient, so that no patient is in two splits, with the labels of the whole in
 * each split as nearly as the patients allow.
 *
 * A dataset with `fixedSplits` is divided by those, whatever the fractions. The same samples and the
 * same `random` give the same splits; samples keep their order. A split that should hold samples and
 * stays empty is a `UsageError`.
 */
export function splitDataset(dataset: Dataset, fractions: SplitFractions, random: Random): Splits {
  if (!dataset.fixedSplits) checkFractions(fractions);
  const { validation, test } = fractions;
  const shares = { train: 1 - validation - test, validation, test };
  const indices = dataset.fixedSplits ?? assign(dataset, shares, random);
  for (const name of names) {
    const mayBeEmpty = name === 'test' && (dataset.fixedSplits !== undefined || test === 0);
    if (indices[name].length > 0 || mayBeEmpty) continue;
    const patients = new Set(dataset.samples.map(({ patient }) => patient)).size;
    throw new UsageError(
      `The ${name} split of ${dataset.name} is empty: ${dataset.samples.length} samples of ${patients} patients ` +
        'are too few for these fractions. Raise the fraction, or add data.',
    );
  }
  const part = (name: SplitName) =>
    subset(
      dataset,
      [...indices[name]].sort((a, b) => a - b),
    );
  return { train: part('train'), validation: part('validation'), test: part('test') };
}
