// The files of a run but for its checkpoints: checkpoints/<experiment>/<yyyymmdd-hhmmss>-<seed>/.
// metrics.jsonl is the truth; TensorBoard and reports are views that can be redrawn from it.

import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf, RunError, UsageError } from '../errors.ts';
import type { EpochRecord } from './callback.ts';
import type { Environment } from './environment.ts';
import type { Experiment } from './experiment.ts';
import { makeDirectory, orRunError, removeLeftovers, replaceFile, writeSynced } from './files.ts';
import { lockRun, type Release } from './run-lock.ts';

/** A run's directory, held by this process alone. */
export interface RunDirectory {
  readonly path: string;
  /** Adds a line to metrics.jsonl; it is on the disk when this returns. */
  appendRecord(record: EpochRecord): Promise<void>;
  /** Drops the records after `epoch` from metrics.jsonl, and a torn last line. */
  keepRecordsTo(epoch: number): Promise<EpochRecord[]>;
  /** Writes a file below the run, whole or not at all; missing directories are made. */
  write(name: string, content: string | Uint8Array): Promise<void>;
  readonly release: Release;
}

/** Makes the directory of a new run and holds it. `now` names it, in UTC. */
export async function createRunDirectory(
  root: string,
  experiment: Experiment,
  now = new Date(),
): Promise<RunDirectory> {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const parent = join(resolve(root), experiment.name);
  return orRunError('Cannot create the run', async () => {
    await makeDirectory(parent);
    // Two runs of one seed within a second: the second is -2.
    for (let count = 1; ; count++) {
      const path = join(parent, `${stamp}-${experiment.seed}${count > 1 ? `-${count}` : ''}`);
      try {
        await mkdir(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
        throw error;
      }
      const directory = await openRunDirectory(path);
      await directory.write('experiment.json', `${JSON.stringify(experiment, null, 2)}\n`);
      return directory;
    }
  });
}

/** Holds the directory of a run that exists. Throws `UsageError` while another process holds it. */
export async function openRunDirectory(path: string): Promise<RunDirectory> {
  const release = await orRunError('Cannot open the run', () => lockRun(path));
  try {
    await orRunError('Cannot open the run', () => removeLeftovers(path));
  } catch (error) {
    release();
    throw error;
  }
  const metrics = join(path, 'metrics.jsonl');
  return {
    path,
    appendRecord: (record) =>
      orRunError('Cannot record the epoch', () => writeSynced(metrics, lineOf(record), 'a')),
    async keepRecordsTo(epoch) {
      const records = (await readRecords(path)).filter((record) => record.epoch <= epoch);
      await replaceFile(metrics, records.map(lineOf).join(''));
      return records;
    },
    write: (name, content) =>
      orRunError(`Cannot write ${name}`, async () => {
        await makeDirectory(dirname(join(path, name)));
        await replaceFile(join(path, name), content);
      }),
    release,
  };
}

/** The experiment of a run, as it was started. */
export async function readExperiment(path: string): Promise<Experiment> {
  const file = join(path, 'experiment.json');
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Experiment;
  } catch (error) {
    throw new UsageError(`${path} is not the directory of a run: ${messageOf(error)}.`);
  }
}

/** What a run began with; undefined where that was not written. */
export async function readEnvironment(path: string): Promise<Environment | undefined> {
  try {
    return JSON.parse(await readFile(join(path, 'environment.json'), 'utf8')) as Environment;
  } catch {
    return undefined;
  }
}

/** What metrics.jsonl holds; a last line torn by a crash is left out. */
export async function readRecords(path: string): Promise<EpochRecord[]> {
  const file = join(path, 'metrics.jsonl');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  // What follows the last newline is torn, or empty.
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line, i) => {
    try {
      return JSON.parse(line) as EpochRecord;
    } catch {
      throw new RunError(`${file}, line ${i + 1}: expected a JSON record, received ${line.slice(0, 60)}.`);
    }
  });
}

/** The newest run below `root`, of one experiment or of all; undefined where there is none. */
export async function latestRun(root: string, experiment?: string): Promise<string | undefined> {
  const experiments = experiment === undefined ? await directoriesIn(root) : [experiment];
  const runs: { path: string; name: string }[] = [];
  for (const parent of experiments) {
    for (const name of await directoriesIn(join(root, parent))) {
      const path = join(resolve(root), parent, name);
      if (await isFile(join(path, 'experiment.json'))) runs.push({ path, name });
    }
  }
  runs.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  return runs.at(-1)?.path;
}

function lineOf({ epoch, step, measurements }: EpochRecord): string {
  return `${JSON.stringify({ epoch, step, measurements })}\n`;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function directoriesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
