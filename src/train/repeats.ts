// One experiment several times: with other seeds, with another fold of the data for validation, or both.

import { UsageError } from '../errors.ts';
import { checkExperiment } from './check-experiment.ts';
import type { Experiment } from './experiment.ts';

export interface Repeats {
  /** Default: that of the experiment. */
  readonly seeds?: readonly number[];
  /** Of an experiment with `data.split.folds`; default: the one of the experiment. */
  readonly folds?: 'all' | readonly number[];
}

/**
 * The experiment once for each seed and fold, all folds of a seed one after the other; otherwise they are equal.
 *
 * A seed divides the data too, so folds of one seed are parts of one division, and those of another seed parts of
 * another. Throws `UsageError` where there are no folds, and for a number that is none.
 */
export function repeatsOf(experiment: Experiment, { seeds, folds }: Repeats): Experiment[] {
  const chosen = seeds ?? [experiment.seed];
  return chosen.flatMap((seed) => foldsOf({ ...experiment, seed }, folds)).map(checkExperiment);
}

function foldsOf(experiment: Experiment, folds: Repeats['folds']): Experiment[] {
  if (folds === undefined) return [experiment];
  const { split } = experiment.data;
  if (!split || !('folds' in split)) {
    throw new UsageError(
      `--folds: ${experiment.name} is not divided into folds. Add --set data.split.folds=5, or data.split to the experiment.`,
    );
  }
  const chosen = folds === 'all' ? [...Array(split.folds).keys()] : folds;
  return chosen.map((fold) => ({
    ...experiment,
    data: { ...experiment.data, split: { ...split, fold } },
  }));
}
