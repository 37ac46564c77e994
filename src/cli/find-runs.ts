import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readExperiment } from '../train/run-directory.ts';
import { findRun } from './find-run.ts';

/** The directories of several runs, each once. Throws `UsageError` where one is not there. */
export async function findRuns(root: string, names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) found.push(await findRun(root, name));
  return [...new Set(found)];
}

/**
 * As `findRuns`, but the name of an experiment means all its nets and seeds: of runs whose experiments are equal, the
 * newest.
 */
export async function findComparedRuns(root: string, names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    const isRun = [name, join(root, name)].some((path) => existsSync(join(path, 'experiment.json')));
    const newest = await findRun(root, name);
    found.push(...(isRun ? [newest] : await newestOfEach(join(resolve(root), name))));
  }
  return [...new Set(found)];
}

async function newestOfEach(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const newest = new Map<string, string>();
  for (const name of names) {
    const path = join(directory, name);
    if (!existsSync(join(path, 'experiment.json')) || !existsSync(join(path, 'metrics.jsonl'))) continue;
    newest.set(JSON.stringify(await readExperiment(path)), path);
  }
  return [...newest.values()];
}
