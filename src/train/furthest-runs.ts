// Of runs whose experiments are equal, one counts: that with the most epochs, and of these the newest.

import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Experiment } from './experiment.ts';
import { readExperiment, readRecords } from './run-directory.ts';

export interface FoundRun {
  readonly path: string;
  /** As many as were recorded. */
  readonly epochs: number;
}

/** By their experiments, in the order of the oldest of each; those below `root` that are called `name`. */
export async function furthestRuns(root: string, name: string): Promise<Map<string, FoundRun>> {
  const directory = join(resolve(root), name);
  const entries = existsSync(directory) ? await readdir(directory) : [];
  const furthest = new Map<string, FoundRun>();
  for (const entry of entries.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))) {
    const path = join(directory, entry);
    if (!existsSync(join(path, 'experiment.json'))) continue;
    const experiment = keyOf(await readExperiment(path));
    const epochs = (await readRecords(path)).length;
    if (epochs >= (furthest.get(experiment)?.epochs ?? 0)) furthest.set(experiment, { path, epochs });
  }
  return furthest;
}

/** The run of an experiment that is checked, with all its options; undefined where there is none below `root`. */
export async function furthestRunOf(root: string, experiment: Experiment): Promise<FoundRun | undefined> {
  return (await furthestRuns(root, experiment.name)).get(keyOf(experiment));
}

/** Equal for equal experiments: in which order their options were set says nothing. */
function keyOf(experiment: Experiment): string {
  return JSON.stringify(experiment, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
