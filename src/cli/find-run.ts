import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import type { CheckpointChoice } from '../train/evaluate.ts';
import { latestRun } from '../train/run-directory.ts';

/**
 * The directory of a run: by its path, by `<experiment>/<run>` below `root`, or the newest of an experiment.
 *
 * Throws `UsageError` where there is none.
 */
export async function findRun(root: string, text: string): Promise<string> {
  for (const path of [text, join(root, text)]) {
    if (existsSync(join(path, 'experiment.json'))) return resolve(path);
  }
  const newest = await latestRun(root, text);
  if (newest) return newest;
  throw new UsageError(
    `There is no run "${text}" in ${root}. Give the directory of a run, or the name of an experiment that was trained.`,
  );
}

/** Which checkpoint `--checkpoint` means. Throws `UsageError` for none. */
export function checkpointOf(text: string): CheckpointChoice {
  if (text === 'best' || text === 'last') return text;
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`--checkpoint: expected best, last or the number of an epoch, received "${text}".`);
}
