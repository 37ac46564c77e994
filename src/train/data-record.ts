// What a run found in its data, kept beside it as data.json: the same division and the same windows for those who come later.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SplitName } from '../data/dataset.ts';
import type { Window } from '../data/intensity.ts';
import type { BadSample } from '../data/verify.ts';
import { messageOf, RunError } from '../errors.ts';

export interface DataRecord {
  /** Ids of the samples of each split. */
  readonly splits: Readonly<Record<SplitName, readonly string[]>>;
  /** Of each channel, where the experiment asks for them. */
  readonly intensity?: readonly Window[];
  /** Of each class, where the experiment asks for them. */
  readonly classWeights?: readonly number[];
  /** Samples that could not be read and were left out. */
  readonly skipped?: readonly BadSample[];
}

export const DATA_RECORD = 'data.json';

export function formatDataRecord(record: DataRecord): string {
  return `${JSON.stringify(record, null, 1)}\n`;
}

/** What the run in a directory found; undefined in a run of before it was kept. */
export async function readDataRecord(run: string): Promise<DataRecord | undefined> {
  const file = join(run, DATA_RECORD);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as DataRecord;
  } catch (error) {
    throw new RunError(`${file} is damaged: ${messageOf(error)}. Restore it from a copy.`);
  }
}
