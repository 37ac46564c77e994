import { type Choice, resolveChoice } from '../options.ts';
import type { Dataset, DatasetDefinition } from './dataset.ts';
import * as registry from './registry.ts';

/** `{ name: 'imageFolder', directory: 'scans' }`: a format and its options. */
export type DatasetChoice = Choice<typeof registry>;

/** Opens the data of a choice; throws `UsageError` for options, paths or labels that do not hold. */
export async function openDataset(choice: DatasetChoice): Promise<Dataset> {
  const { definition, options } = resolveChoice('dataset', registry, choice);
  return (definition as DatasetDefinition).open(options);
}
