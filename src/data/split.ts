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

/** Cross-validation: as many runs as there are folds, each with another `fold`. */
export interface SplitFolds {
  /** How many parts what is not for testing is divided into. */
  readonly folds: number;
  /** The part that is for validation, counted from 0. */
  readonly fold: number;
  /** Share of the samples, the same ones for all folds; default 0. */
  readonly test?: number;
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
 * Divides samples into parts of these fractions: gives each patient to the part that is furthest below its share of the
 * patient's labels.
 *
 * The greedy step that lowers the squared distance of all label counts from their targets most;
 * large patients go first, as small ones can still even out what they left.
 */
function assign(dataset: Dataset, fractions: readonly number[], random: Random): number[][] {
  const labelGroups = groupByLabel(dataset.samples);
  const stratum = new Int32Array(dataset.samples.length);
  for (const [group, indices] of labelGroups.entries()) for (const index of indices) stratum[index] = group;
  const wanted = [...fractions.keys()].filter((part) => (fractions[part] as number) > 0);
  const missing = fractions.map((fraction) => labelGroups.map((group) => group.length * fraction));
  const parts: number[][] = fractions.map(() => []);
  for (const patient of shufflePatients(dataset, random)) {
    const need = (part: number) =>
      patient.reduce((sum, index) => sum + (missing[part]?.[stratum[index] as number] as number), 0);
    const chosen = wanted.reduce((best, part) => (need(part) > need(best) ? part : best));
    parts[chosen]?.push(...patient);
    const left = missing[chosen] as number[];
    for (const index of patient) (left[stratum[index] as number] as number)--;
  }
  return parts;
}

/** One of several folds is for validation, the others are for training; the test split is the same for all folds. */
function assignFolds(dataset: Dataset, { folds, fold, test = 0 }: SplitFolds, random: Random) {
  const whole = (value: number, least: number, below: number) =>
    Number.isInteger(value) && value >= least && value < below;
  if (!whole(folds, 2, Number.POSITIVE_INFINITY) || !whole(fold, 0, folds) || !(test >= 0 && test < 1)) {
    throw new UsageError(
      `Split: expected at least 2 folds, a fold from 0 to folds − 1, and a test fraction in [0, 1), ` +
        `received ${folds}, ${fold} and ${test}.`,
    );
  }
  const { fixedSplits: fixed } = dataset;
  const [tested, pool] = fixed
    ? [fixed.test, [...fixed.train, ...fixed.validation].sort((a, b) => a - b)]
    : (assign(dataset, [test, 1 - test], random) as [number[], number[]]);
  const parts = assign(subset(dataset, pool), Array(folds).fill(1 / folds), random.stream('folds'));
  const indices = parts.map((part) => part.map((place) => pool[place] as number));
  return {
    train: indices.filter((_, i) => i !== fold).flat(),
    validation: indices[fold] as number[],
    test: tested,
  };
}

/** A patient with samples in several splits. */
export interface SharedPatient {
  readonly patient: string;
  readonly splits: readonly SplitName[];
}

export type SplitIndices = Readonly<Record<SplitName, readonly number[]>>;

/** Patients on more than one side of a division. */
export function sharedPatients({ samples }: Dataset, indices: SplitIndices): SharedPatient[] {
  const splitsOf = new Map<string, Set<SplitName>>();
  for (const name of names) {
    for (const index of indices[name]) {
      const patient = samples[index]?.patient ?? '';
      splitsOf.set(patient, (splitsOf.get(patient) ?? new Set()).add(name));
    }
  }
  return [...splitsOf]
    .filter(([, { size }]) => size > 1)
    .map(([patient, splits]) => ({ patient, splits: [...splits] }));
}

/** Refuses a division that came with the data and has a patient in two of its splits. */
function requireApart(dataset: Dataset, indices: SplitIndices): void {
  const [shared] = sharedPatients(dataset, indices);
  if (!shared) return;
  throw new UsageError(
    `${dataset.name} comes divided, with images of patient "${shared.patient}" in ${shared.splits.join(' and in ')}: ` +
      'figures of a net that has seen the patient mean nothing. Correct the division or the patients.',
  );
}

/**
 * Divides a dataset by patient, so that no patient is in two splits, with the labels of the whole in
 * each split as nearly as the patients allow.
 *
 * A dataset with `fixedSplits` is divided by those, whatever the fractions; folds divide what is not for testing. The same
 * samples and the same `random` give the same splits; samples keep their order. A split that should hold samples and
 * stays empty, or a patient in two of the fixed splits, is a `UsageError`.
 */
export function splitDataset(dataset: Dataset, choice: SplitFractions | SplitFolds, random: Random): Splits {
  const indices = splitIndices(dataset, choice, random);
  if (dataset.fixedSplits) requireApart(dataset, indices);
  for (const name of names) {
    const mayBeEmpty = name === 'test' && (dataset.fixedSplits !== undefined || !choice.test);
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

/** The division of `splitDataset` as sample indices, in any order, before it is checked. */
export function splitIndices(
  dataset: Dataset,
  choice: SplitFractions | SplitFolds,
  random: Random,
): SplitIndices {
  if ('folds' in choice) return assignFolds(dataset, choice, random);
  if (dataset.fixedSplits) return dataset.fixedSplits;
  checkFractions(choice);
  const { validation, test } = choice;
  const [train, ...others] = assign(dataset, [1 - validation - test, validation, test], random) as [
    number[],
    number[],
    number[],
  ];
  return { train, validation: others[0], test: others[1] };
}

/**
 * The splits of these ids, as they were once divided; samples of a later date are left out. An id that is there no more is a
 * `UsageError`.
 */
export function splitByIds(dataset: Dataset, ids: Readonly<Record<SplitName, readonly string[]>>): Splits {
  const indexOf = new Map(dataset.samples.map(({ id }, index) => [id, index]));
  const part = (name: SplitName) => {
    const indices = ids[name].map((id) => {
      const index = indexOf.get(id);
      if (index !== undefined) return index;
      throw new UsageError(
        `${dataset.name}: "${id}" of the ${name} split is not there any more. Restore it, or start another run.`,
      );
    });
    return subset(dataset, indices);
  };
  return { train: part('train'), validation: part('validation'), test: part('test') };
}
