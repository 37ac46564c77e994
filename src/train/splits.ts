import { cacheInMemory } from '../data/cache.ts';
import { openDataset } from '../data/create.ts';
import type { Dataset, SplitName } from '../data/dataset.ts';
import { splitDataset } from '../data/split.ts';
import { UsageError } from '../errors.ts';
import type { Random } from '../random.ts';
import { DEFAULT_SPLIT, taskOfNet } from './check-experiment.ts';
import type { Experiment } from './experiment.ts';

/**
 * The data of an experiment, divided, and kept in memory as far as they fit.
 *
 * The same experiment gives the same division, whichever part is used. Throws `UsageError` where net and
 * data do not go together.
 */
export async function openSplits(
  experiment: Experiment,
  random: Random,
): Promise<Record<SplitName, Dataset>> {
  const { dataset: choice, split = DEFAULT_SPLIT } = experiment.data;
  const dataset = await openDataset(choice);
  const task = taskOfNet(experiment.net);
  if (task !== dataset.task) {
    throw new UsageError(
      `The net ${experiment.net.name} does ${task}, the data ${dataset.name} are for ${dataset.task}. ` +
        `Choose another net or other data.`,
    );
  }
  const { train, validation, test } = splitDataset(dataset, split, random.stream('split'));
  for (const [name, part] of Object.entries({ train, validation })) {
    if (part.samples.length > 0) continue;
    throw new UsageError(
      `The ${name} split of ${dataset.name} is empty: expected at least 1 of its ${dataset.samples.length} images. ` +
        'Give it more patients, or change data.split.',
    );
  }
  return { train: cacheInMemory(train), validation: cacheInMemory(validation), test };
}
