import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readExperiment, readRecords } from '../train/run-directory.ts';
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
    const all = isRun ? [] : await furthestOfEach(join(resolve(root), name));
    found.push(...(all.length > 0 ? all : [newest]));
  }
  return [...new Set(found)];
}

async function furthestOfEach(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const furthest = new Map<string, { path: string; epochs: number }>();
  for (const name of names) {
    const path = join(directory, name);
    if (!existsSync(join(path, 'experiment.json'))) continue;
    const experiment = JSON.stringify(await readExperiment(path));
    const epochs = (await readRecords(path)).length;
    if (epochs > 0 && epochs >= (furthest.get(experiment)?.epochs ?? 0))
      furthest.set(experiment, { path, epochs });
  }
  return [...furthest.values()].map(({ path }) => path);
}
