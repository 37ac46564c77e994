// A trained net as the command line names it: a checkpoint of a run, or a file from elsewhere.

import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type * as tf from '@tensorflow/tfjs';
import type { NormName } from '../attacks/threat.ts';
import type { Dataset } from '../data/dataset.ts';
import { UsageError } from '../errors.ts';
import type { CheckpointChoice } from '../train/evaluate.ts';
import type { Experiment } from '../train/experiment.ts';
import type { OpenedSplits } from '../train/splits.ts';
import { checkpointOf, checkpointOption, findRun, refuseCheckpoint } from './find-run.ts';

/** What a command measures, and the experiment whose data it is for. */
export interface Subject {
  readonly experiment: Experiment;
  /** A run and which checkpoint of it, or a file from elsewhere. */
  readonly run?: string;
  readonly checkpoint: CheckpointChoice;
  readonly file?: string;
}

/** How a command takes what it measures. */
export const subjectPositional = {
  type: 'string',
  demandOption: true,
  describe: 'A run, an experiment (its newest run), or the model.json of any tfjs layers model',
} as const;

export const subjectOptions = {
  ...checkpointOption,
  split: {
    choices: ['train', 'validation', 'test'],
    default: 'test',
    describe: 'Which part of the data',
  },
} as const;

export interface SubjectArguments {
  /** A run, an experiment, or a model.json. */
  readonly run: string;
  readonly checkpoint: string | undefined;
  readonly experiment: string | undefined;
  readonly directory: string;
}

/**
 * Finds what the command line names; `whose` is the experiment of a file from elsewhere, where it is known already.
 *
 * Throws `UsageError` where there is nothing of that name, and for an option that would change nothing.
 */
export async function findSubject(parsed: SubjectArguments, whose?: Experiment): Promise<Subject> {
  const subject = await findNet(parsed, whose);
  if (subject.run !== undefined && parsed.experiment !== undefined) {
    throw new UsageError('--experiment: a run has its own, and keeps to it. Leave --experiment out.');
  }
  return subject;
}

async function findNet(parsed: SubjectArguments, whose?: Experiment): Promise<Subject> {
  const { readExperiment } = await import('../train/run-directory.ts');
  if (!parsed.run.endsWith('.json')) {
    const run = await findRun(parsed.directory, parsed.run);
    return { run, experiment: await readExperiment(run), checkpoint: checkpointOf(parsed.checkpoint) };
  }
  refuseCheckpoint(parsed.checkpoint);
  const file = resolve(parsed.run);
  if (!existsSync(file)) throw new UsageError(`There is no file ${parsed.run}.`);
  const run = dirname(dirname(file));
  const epoch = /^epoch-(\d+)$/.exec(basename(dirname(file)))?.[1];
  if (epoch && existsSync(join(run, 'experiment.json'))) {
    return { run, experiment: await readExperiment(run), checkpoint: Number(epoch) };
  }
  if (whose) return { file, experiment: whose, checkpoint: 'last' };
  if (parsed.experiment === undefined) {
    throw new UsageError(
      `${parsed.run} is not in a run: name the experiment whose data it is for with --experiment.`,
    );
  }
  const { loadExperiment } = await import('./experiment-file.ts');
  return { file, experiment: await loadExperiment(parsed.experiment), checkpoint: 'last' };
}

/**
 * The data that a subject is measured on, divided: of a run as it divided them, whatever files came later.
 *
 * `experiment` is that of the subject, checked, with the changes of the command line.
 */
export async function openData({ run }: Pick<Subject, 'run'>, experiment: Experiment): Promise<OpenedSplits> {
  const { readDataRecord } = await import('../train/data-record.ts');
  const { openSplits } = await import('../train/splits.ts');
  const { createRandom } = await import('../random.ts');
  const kept = run === undefined ? undefined : await readDataRecord(run);
  return openSplits(experiment, createRandom(experiment.seed), kept);
}

/** Of the name of a file: the norm, where it is not the experiment's own. */
export function normBeside({ robustness }: Experiment, norm: NormName | undefined): NormName[] {
  return norm === undefined || norm === (robustness?.norm ?? 'linf') ? [] : [norm];
}

/** The net of a subject, for the images of `dataset`; the caller disposes it. */
export async function loadSubject(
  { run, experiment, checkpoint, file }: Subject,
  dataset: Dataset,
): Promise<tf.LayersModel> {
  const { chooseCheckpoint, loadModelFile, loadNet } = await import('../train/evaluate.ts');
  if (!run) return loadModelFile(file as string, dataset);
  return loadNet(run, experiment, await chooseCheckpoint(run, experiment, checkpoint), dataset);
}
