// A run as the page shows it, from what it has written so far: read again, it may hold more.

import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Best, RunData } from '../../report/page/data.ts';
import type { EpochRecord } from '../callback.ts';
import type { Environment } from '../environment.ts';
import {
  bestEpoch,
  bestMeasurement,
  type Measure,
  nameOfMeasure,
  robustMeasurement,
  valueOfMeasure,
} from '../measurements.ts';
import { readEnvironment, readExperiment, readRecords } from '../run-directory.ts';
import { isHeld } from '../run-lock.ts';
import { readCheckpoints } from './checkpoint-data.ts';
import { readGallery } from './gallery-data.ts';
import { readDiagnoses, readMeasured } from './measured-data.ts';

/** Throws `UsageError` for a directory that is not a run's. */
export async function readRun(path: string): Promise<RunData> {
  const experiment = await readExperiment(path);
  const records = await readRecords(path);
  const environment = await readEnvironment(path);
  const best = bestOf(records, bestMeasurement(experiment));
  const robust = robustMeasurement(experiment);
  const robustBest = robust && bestOf(records, robust);
  const gallery = await readGallery(path);
  return {
    id: `${basename(dirname(path))}/${basename(path)}`,
    experiment: experiment.name,
    net: experiment.net.name,
    seed: experiment.seed,
    epochs: experiment.epochs,
    metrics: experiment.metrics,
    status: records.length >= experiment.epochs ? 'finished' : (await isHeld(path)) ? 'running' : 'stopped',
    ...(environment?.command && { command: environment.command }),
    environment: environment ? describe(environment) : [],
    definition: await readFile(join(path, 'experiment.json'), 'utf8'),
    records: records.map(({ epoch, step, measurements }) => ({ epoch, step, measurements })),
    ...(best && { best }),
    ...(robustBest && { robustBest }),
    measured: await readMeasured(path),
    diagnoses: await readDiagnoses(path),
    ...(gallery && { gallery }),
    checkpoints: await readCheckpoints(path, experiment, records, { best, robustBest }),
  };
}

function bestOf(records: readonly EpochRecord[], { measurement, better }: Measure): Best | undefined {
  const epoch = bestEpoch(records, { measurement, better });
  const of = records.find((record) => record.epoch === epoch);
  const value = of && valueOfMeasure(of.measurements, measurement);
  if (epoch === undefined || value === undefined) return undefined;
  const parts = typeof measurement === 'string' ? {} : { parts: measurement };
  return { measurement: nameOfMeasure(measurement), ...parts, better, epoch, value };
}

function describe(environment: Environment): (readonly [string, string])[] {
  const { medrobust, node, tfjs, engine, engineDescription, threads, processor, processors } = environment;
  const { precision, memoryGiB, platform, commit } = environment;
  return [
    ['medrobust', medrobust],
    ...(commit ? ([['commit of the working directory', commit]] as const) : []),
    ['Node', node],
    ['TensorFlow.js', tfjs],
    ['engine', `${engine}: ${engineDescription}`],
    ['threads', threads === 0 ? 'as the engine decides' : String(threads)],
    ...(precision ? ([['precision', precision]] as const) : []),
    ['processor', `${processor}, ${processors} of them`],
    ['memory', `${memoryGiB} GiB`],
    ['platform', platform],
  ];
}
