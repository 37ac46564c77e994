import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isHeld } from '../run-lock.ts';

/** Where files appear, and those that grow or go, as a run goes on. */
const watched = ['.', 'curves', 'images', 'evaluations', 'diagnoses', 'metrics.jsonl'];

/** Another text whenever what the page shows of these runs may have changed; reads no file but the lock. */
export async function versionOf(runs: readonly string[]): Promise<string> {
  const parts = runs.flatMap((run) => [
    ...watched.map((name) => stateOf(join(run, name))),
    // A process that was killed leaves its files as they are.
    isHeld(run).then((held) => (held ? 'held' : 'free')),
  ]);
  return (await Promise.all(parts)).join('.');
}

/** Renames into a directory change its time; within it, files replaced in place their own. */
async function stateOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return '-';
  const entries = found.isDirectory() ? (await readdir(path).catch(() => [])).length : found.size;
  return `${Math.round(found.mtimeMs).toString(36)}-${entries.toString(36)}`;
}
