import type { Experiment } from './experiment.ts';
import { isCount, require, requireKeys } from './requirements.ts';

/** Fractions of the patients, where an experiment does not say. */
export const DEFAULT_SPLIT = { validation: 0.15, test: 0.15 } as const;

export function checkData({ augment, sampling, classWeights, cache, skipBad }: Experiment['data']): void {
  const listed = augment === undefined || Array.isArray(augment);
  require(listed, 'data.augment', 'a list of augmentations', augment);
  require(sampling === undefined || sampling === 'balanced', 'data.sampling', '"balanced"', sampling);
  const weighs = classWeights === undefined || classWeights === 'balanced';
  require(weighs, 'data.classWeights', '"balanced"', classWeights);
  if (cache) {
    requireKeys('data.cache', cache);
    const { directory, gigabytes } = cache;
    const named = typeof directory === 'string' && directory !== '';
    require(named, 'data.cache.directory', 'a folder', directory);
    const positive = Number.isFinite(gigabytes) && gigabytes > 0;
    require(positive, 'data.cache.gigabytes', 'a number above 0', gigabytes);
  }
  require(skipBad === undefined || typeof skipBad === 'boolean', 'data.skipBad', 'true or false', skipBad);
}

export function checkSplit(split: NonNullable<Experiment['data']['split']>): typeof split {
  requireKeys('data.split', split);
  if ('folds' in split) {
    const { folds, fold = 0, test = 0 } = split;
    require(isCount(folds) && folds > 1, 'data.split.folds', 'a whole number of at least 2', folds);
    const within = Number.isInteger(fold) && fold >= 0 && fold < folds;
    require(within, 'data.split.fold', `a whole number from 0 to ${folds - 1}`, fold);
    require(test >= 0 && test < 1, 'data.split.test', 'a fraction in [0, 1)', test);
    // A fold is as large as another: what an experiment said of the validation split does not count.
    return { folds, fold, test };
  }
  const { validation, test } = split;
  require(validation > 0 && validation < 1, 'data.split.validation', 'a fraction in (0, 1)', validation);
  require(test >= 0 && test < 1, 'data.split.test', 'a fraction in [0, 1)', test);
  require(validation + test < 1, 'data.split', 'fractions that leave some patients for training', split);
  return split;
}
