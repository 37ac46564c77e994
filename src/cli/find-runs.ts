import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { furthestRuns } from '../train/furthest-runs.ts';
import { findRun } from './find-run.ts';

/** The directories of several runs, each once. Throws `UsageError` where one is not there. */
export async function findRuns(root: string, names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) found.push(await findRun(root, name));
  return [...new Set(found)];
}

/**
 * As `findRuns`, but the name of an experiment means all its nets and seeds: of runs whose experiments are equal, the one
 * with the most epochs, and of these the newest.
 */
export async function findComparedRuns(root: string, names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    const isRun = [name, join(root, name)].some((path) => existsSync(join(path, 'experiment.json')));
    const newest = await findRun(root, name);
    const all = isRun ? [] : [...(await furthestRuns(root, name)).values()];
    const begun = all.filter(({ epochs }) => epochs > 0).map(({ path }) => path);
    found.push(...(begun.length > 0 ? begun : [newest]));
  }
  return [...new Set(found)];
}
