// One process to a run: two that write one metrics.jsonl would ruin it.

import { readFileSync, unlinkSync } from 'node:fs';
import { link, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RunError, UsageError } from '../errors.ts';
import { writeSynced } from './files.ts';
import { isRunning } from './is-running.ts';

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Tells a process from a later one with the same number; empty where the system does not say. */
  readonly started: string;
}

/** Of this process, so that none meets another's file. */
let attempts = 0;

/** Releases the lock; safe to call twice. */
export type Release = () => void;

/**
 * Takes the lock of a run, for as long as this process lives or until released.
 *
 * The lock of a process that is gone is taken over. Throws `UsageError` while another process holds it.
 */
export async function lockRun(directory: string): Promise<Release> {
  const path = join(directory, 'lock');
  const own = JSON.stringify(describe(process.pid));
  for (let attempt = 0; attempt < 10; attempt++) {
    if (await putThere(path, own)) return releaser(path, own);
    const held = await readFile(path, 'utf8').catch(() => undefined);
    if (held === undefined) continue;
    refuseIfAlive(directory, held);
    await takeAway(path, held);
  }
  throw new RunError(`${path}: other processes keep taking this lock. Try again when they are done.`);
}

/** False where there is a lock already. It appears with what it says: an empty one would be taken for torn. */
async function putThere(path: string, own: string): Promise<boolean> {
  const written = `${path}.${process.pid}.${++attempts}.tmp`;
  try {
    await writeSynced(written, own);
    await link(written, path).catch(async (error: NodeJS.ErrnoException) => {
      // Some file systems know no links.
      if (error.code === 'EEXIST') throw error;
      await writeSynced(path, own, 'wx');
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(written, { force: true });
  }
}

/** Whether a process works on a run; of one on another machine nothing is known but that it did. */
export async function isHeld(directory: string): Promise<boolean> {
  const held = await readFile(join(directory, 'lock'), 'utf8').catch(() => undefined);
  if (held === undefined) return false;
  try {
    refuseIfAlive(directory, held);
    return false;
  } catch {
    return true;
  }
}

function releaser(path: string, own: string): Release {
  const release = () => {
    process.off('exit', release);
    try {
      if (readFileSync(path, 'utf8') === own) unlinkSync(path);
    } catch {
      // The run directory was removed: nothing is left to release.
    }
  };
  process.on('exit', release);
  return release;
}

function refuseIfAlive(directory: string, held: string): void {
  let owner: Owner;
  try {
    owner = JSON.parse(held) as Owner;
  } catch {
    // Torn by a crash while it was written: nobody holds it.
    return;
  }
  if (owner.host !== hostname()) {
    throw new UsageError(
      `${directory} is in use by process ${owner.pid} on ${owner.host}. ` +
        `If that process is gone, delete ${join(directory, 'lock')} and try again.`,
    );
  }
  const now = describe(owner.pid);
  if (isRunning(owner.pid) && now.started === owner.started) {
    throw new UsageError(
      `${directory} is in use by process ${owner.pid}. Wait for it, or start another run.`,
    );
  }
}

/** Moves a stale lock away, unless another process has just done so and holds a new one. */
async function takeAway(path: string, stale: string): Promise<void> {
  const aside = `${path}.${process.pid}.${++attempts}.tmp`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await readFile(aside, 'utf8')) !== stale) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

function describe(pid: number): Owner {
  return { pid, host: hostname(), started: startOf(pid) };
}

/** Field 22 of /proc/<pid>/stat, counted after the command's name, which may hold spaces. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
