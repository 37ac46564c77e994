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

export const checkpointOption = {
  checkpoint: {
    type: 'string',
    defaultDescription: 'best',
    describe: 'best, last, or the number of an epoch',
  },
} as const;

/** Throws `UsageError` for a `--checkpoint` beside a model.json, where it would change nothing. */
export function refuseCheckpoint(text: string | undefined): void {
  if (text === undefined) return;
  throw new UsageError(
    '--checkpoint: a model.json is of one checkpoint. Name its run, or leave --checkpoint out.',
  );
}

/** Which checkpoint `--checkpoint` means. Throws `UsageError` for none. */
export function checkpointOf(text = 'best'): CheckpointChoice {
  if (text === 'best' || text === 'last') return text;
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`--checkpoint: expected best, last or the number of an epoch, received "${text}".`);
}
