import { basename } from 'node:path';
import type { PageData } from '../../report/page/data.ts';
import { readFlagNotes } from '../../report/page/flag-notes.ts';
import { comparisonOf } from './comparison.ts';
import { readRun } from './run-data.ts';

/** What the page of these runs shows, as their directories are now. Throws `UsageError` for one that is not a run's. */
export async function readPage(paths: readonly string[]): Promise<PageData> {
  const runs = await Promise.all(paths.map(readRun));
  const experiments = [...new Set(runs.map(({ experiment }) => experiment))];
  const title = runs.length === 1 ? `${experiments[0]} ${basename(paths[0] ?? '')}` : experiments.join(', ');
  const comparison = comparisonOf(runs);
  return {
    ...{ title, made: new Date().toISOString(), runs, notes: await readFlagNotes() },
    ...(comparison && { comparison }),
  };
}
