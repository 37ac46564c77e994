import { cacheInMemory } from '../data/cache.ts';
import { openDataset } from '../data/create.ts';
import type { Dataset, SplitName } from '../data/dataset.ts';
import { cacheOnDisk, type DiskCache, openDiskCache } from '../data/disk-cache.ts';
import { fitIntensity, type Window, windowed } from '../data/intensity.ts';
import { balancedWeights } from '../data/sampling.ts';
import { type Splits, splitByIds, splitDataset } from '../data/split.ts';
import { readAll, withoutBad } from '../data/verify.ts';
import { UsageError } from '../errors.ts';
import type { Random } from '../random.ts';
import { DEFAULT_SPLIT } from './check-data.ts';
import { checkTask } from './check-task.ts';
import type { DataRecord } from './data-record.ts';
import type { Experiment } from './experiment.ts';
import { taskOfNet } from './fill-choices.ts';

export interface OpenedSplits extends Record<SplitName, Dataset> {
  /** What was found, to be kept with the run. */
  readonly record: DataRecord;
  /** Where decoded samples are kept, if the experiment says so. */
  readonly cache?: DiskCache;
}

/**
 * The data of an experiment, divided, and kept in memory as far as they fit.
 *
 * The same experiment gives the same division, whichever part is used; `kept`, of a run that began earlier, gives the
 * division and the windows of then. Throws `UsageError` where net and data do not go together.
 */
export async function openSplits(
  experiment: Experiment,
  random: Random,
  kept?: DataRecord,
): Promise<OpenedSplits> {
  const { dataset: choice, split = DEFAULT_SPLIT, cache: cacheOptions } = experiment.data;
  const opened = await openDataset(choice);
  const cache = cacheOptions && (await openDiskCache(opened, choice, cacheOptions));
  const dataset = cache ? cacheOnDisk(opened, cache) : opened;
  const withCache = (splits: OpenedSplits) => ({ ...splits, ...(cache && { cache }) });
  const task = taskOfNet(experiment.net);
  if (task !== (dataset.task === 'multilabel' ? 'classification' : dataset.task)) {
    throw new UsageError(
      `The net ${experiment.net.name} does ${task}, the data ${dataset.name} are for ${dataset.task}. ` +
        `Choose another net or other data.`,
    );
  }
  checkTask(experiment, dataset);
  if (kept) return withCache(await prepared(splitByIds(dataset, kept.splits), experiment, kept));
  const skipped = experiment.data.skipBad ? await readAll(dataset) : [];
  const parts = splitDataset(withoutBad(dataset, skipped), split, random.stream('split'));
  for (const [name, part] of Object.entries({ train: parts.train, validation: parts.validation })) {
    if (part.samples.length > 0) continue;
    throw new UsageError(
      `The ${name} split of ${dataset.name} is empty: expected at least 1 of its ${dataset.samples.length} images. ` +
        'Give it more patients, or change data.split.',
    );
  }
  return withCache(await prepared(parts, experiment, skipped.length > 0 ? { skipped } : {}));
}

async function prepared(
  parts: Splits,
  { data }: Experiment,
  found: Partial<DataRecord>,
): Promise<OpenedSplits> {
  const { test } = parts;
  const [train, validation] = [cacheInMemory(parts.train), cacheInMemory(parts.validation)];
  const windows: readonly Window[] | undefined =
    found.intensity ?? (data.intensity && (await fitIntensity(train, data.intensity)));
  const weights = found.classWeights ?? (data.classWeights && (await balancedWeights(train)));
  const idsOf = ({ samples }: Dataset) => samples.map(({ id }) => id);
  return {
    train: windowed(train, windows),
    validation: windowed(validation, windows),
    test: windowed(test, windows),
    record: {
      splits: { train: idsOf(train), validation: idsOf(validation), test: idsOf(test) },
      ...(windows && { intensity: windows }),
      ...(weights && { classWeights: weights }),
      ...(found.skipped && { skipped: found.skipped }),
    },
  };
}
