import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../data/dataset.ts';
import { type Loader, openLoader } from '../data/loader.ts';
import type { TrainingSource } from '../data/training-batches.ts';
import { type Engine, type EngineName, type EngineOptions, useEngine } from '../engine/engine.ts';
import { messageOf, RunError, UsageError } from '../errors.ts';
import { importWarnings } from '../exchange/import-report.ts';
import type { Net } from '../nets/net.ts';
import { summaryFileWriter } from '../summary/writer.ts';
import type { Callback, EpochRecord, Run } from './callback.ts';
import { catastrophicOverfitting } from './callbacks/catastrophic-overfitting.ts';
import { checkpoint } from './callbacks/checkpoint.ts';
import { cleanMeasurement } from './callbacks/clean-measurement.ts';
import { earlyStop } from './callbacks/early-stop.ts';
import { robustnessMeasurement } from './callbacks/robustness-measurement.ts';
import { tensorboard } from './callbacks/tensorboard.ts';
import { trainingRobustness } from './callbacks/training-robustness.ts';
import { unattackedMeasurement } from './callbacks/unattacked-measurement.ts';
import { changedFiles } from './changed-files.ts';
import { checkExperiment } from './check-experiment.ts';
import { type Checkpoint, newestCheckpoint, restoreSlots, restoreWeights } from './checkpoints.ts';
import { DATA_RECORD, type DataRecord, formatDataRecord, readDataRecord } from './data-record.ts';
import { createDefence, isSingleStep } from './defences/create.ts';
import { describeEnvironment } from './environment.ts';
import type { Experiment } from './experiment.ts';
import { gradientSum } from './gradient-sum.ts';
import { type Log, openLog } from './log.ts';
import { trainEpochs } from './loop.ts';
import { type Prepared, prepare } from './prepare.ts';
import {
  createRunDirectory,
  openRunDirectory,
  type RunDirectory,
  readEnvironment,
  readExperiment,
} from './run-directory.ts';
import { createSession, type Session, START } from './session.ts';
import { type Learner, optimizerOf } from './step.ts';
import { type GradientWatch, watchGradients } from './watch-gradients.ts';

/** What is not given a resumed run takes from its beginning. */
export interface TrainOptions extends EngineOptions {
  /** Default `auto`. */
  readonly engine?: 'auto' | EngineName;
  /** Where the directories of runs are made; default `checkpoints`. */
  readonly directory?: string;
  /** Threads that decode and augment training images; 0: none beside the main one. It changes no result. */
  readonly workers?: number;
  /** Beside those that the experiment asks for. */
  readonly callbacks?: readonly Callback[];
  /** Aborting it stops the run after the batch under way and saves where it stands. */
  readonly signal?: AbortSignal;
  /** Hears of what is wrong but does not stop the run; the log has it too. */
  readonly onWarning?: (message: string) => void;
}

export interface Trained {
  /** With every option filled in. */
  readonly experiment: Experiment;
  /** As it is after the last epoch trained, averaged if the optimizer averages. The caller disposes `net.model`. */
  readonly net: Net;
  readonly records: readonly EpochRecord[];
  /** The run's directory. */
  readonly path: string;
  /** Why it ended before its last epoch; 'interrupted' when it can be resumed. */
  readonly stopped?: string;
}

/**
 * Trains a net and measures it every epoch, into a new directory of its own.
 *
 * Throws `UsageError` for an experiment that cannot be run, before anything is created, and `RunError` when
 * the run fails.
 */
export async function train(experiment: Experiment, options: TrainOptions = {}): Promise<Trained> {
  const checked = checkExperiment(experiment);
  const engine = await useEngine(options.engine ?? 'auto', engineOptionsOf(options));
  const prepared = await prepare(checked);
  const directory = await createRunDirectory(options.directory ?? 'checkpoints', checked).catch((error) => {
    prepared.net.model.dispose();
    throw error;
  });
  return runIn(directory, { ...prepared, engine, options });
}

/**
 * Goes on with the run in a directory, from its newest checkpoint that is whole.
 *
 * It ends with the weights and records that the run would have had without the pause, given the same engine,
 * number of threads and precision. A run that was complete is returned as it is. Throws `UsageError` for a directory that is
 * not a run's, or that another process is working on.
 */
export async function resume(path: string, options: Omit<TrainOptions, 'directory'> = {}): Promise<Trained> {
  const experiment = checkExperiment(await readExperiment(path));
  const before = await readEnvironment(path);
  const directory = await openRunDirectory(path);
  try {
    const engine = await useEngine(
      options.engine ?? before?.engine ?? 'auto',
      engineOptionsOf(options, before),
    );
    // Stopped before its first checkpoint, a run begins again.
    const restores = (await newestCheckpoint(path, () => {})) !== undefined;
    const kept = await readDataRecord(path);
    const prepared = await prepare(experiment, { restores, kept });
    return await runIn(directory, { ...prepared, engine, options, resumed: true, kept });
  } finally {
    directory.release();
  }
}

function engineOptionsOf(options: EngineOptions, before?: EngineOptions): EngineOptions {
  // 0 stands for an engine that decides by itself.
  const threads = options.threads ?? (before?.threads || undefined);
  const precision = options.precision ?? before?.precision;
  return { ...(threads !== undefined && { threads }), ...(precision && { precision }) };
}

/** Undefined where the run was stopped before its first checkpoint: it begins again. */
async function checkpointToResume(path: string, log: Run['log']): Promise<Checkpoint | undefined> {
  const damaged: string[] = [];
  const found = await newestCheckpoint(path, (message) => damaged.push(message));
  if (!found && damaged.length > 0) {
    throw new RunError(
      `${damaged.join(' ')} No other is left, so the run cannot go on; its records are kept. ` +
        'Restore a checkpoint from a copy, or start another run.',
    );
  }
  for (const message of damaged) log.warn(`${message} Going on from an earlier one.`);
  return found;
}

async function runIn(
  directory: RunDirectory,
  parts: Prepared & {
    engine: Engine;
    options: TrainOptions;
    resumed?: boolean;
    kept?: DataRecord | undefined;
  },
): Promise<Trained> {
  const { experiment, net, engine, options, resumed = false, ...others } = parts;
  const { kept, imported, found, loss, cache, ...data } = others;
  using optimizer = optimizerOf(experiment.optimizer, net);
  using defence =
    experiment.defence &&
    createDefence(experiment.defence, {
      ...{ net, loss },
      random: data.random.stream('defence'),
      batchSize: experiment.data.batchSize,
    });
  using gradients = watchGradients();
  const { accumulate = 1 } = experiment;
  using sum = accumulate > 1 ? gradientSum() : undefined;
  const learner: Learner = { net, optimizer, loss, ...(defence && { defence }), ...(sum && { sum }) };
  using log = openLog(join(directory.path, 'log.jsonl'), options.onWarning);
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  if (options.signal?.aborted) interrupt();
  options.signal?.addEventListener('abort', interrupt);
  const environment = describeEnvironment(engine);
  let summary: ReturnType<typeof summaryFileWriter> | undefined;
  let loader: Loader | undefined;
  let session: Session | undefined;
  try {
    log.info({ environment, skipped: engine.skipped, resumed }, 'start');
    // Where `cpu` was asked for, nothing was passed over and nothing is said.
    if (engine.name === 'cpu' && engine.skipped.length > 0) log.warn(`Engine cpu: ${engine.description}.`);
    if (imported) {
      log.info({ weights: imported }, 'weights');
      for (const warning of importWarnings(imported)) log.warn(warning);
    }
    // A run that was killed at its very start has not written it.
    if (!kept) await directory.write(DATA_RECORD, formatDataRecord(found));
    if (kept) await warnOfChanged(data, directory.path, log);
    if (found.skipped) warnOfSkipped(found.skipped, log);
    const from = resumed ? await checkpointToResume(directory.path, log) : undefined;
    const records = await directory.keepRecordsTo(from ? from.position.epoch - 1 : 0);
    if (from) restore(from, learner);
    else await directory.write('environment.json', `${JSON.stringify(environment, null, 2)}\n`);
    summary = summaryFileWriter(directory.path);
    loader = openLoader(
      data.train,
      {
        ...sourceOf(experiment, data.train, found),
        ...(cache && { cache }),
      },
      options.workers,
    );
    session = createSession(
      { ...data, experiment, net, directory, summary, log, signal: abort.signal },
      { learner: gradients.watching(learner), loader, position: from?.position ?? START, records },
      interrupt,
    );
    await trainEpochs(session, [...callbacksOf(experiment, gradients), ...(options.callbacks ?? [])]);
    optimizer.swapAverages();
    const { stopReason } = session;
    log.info({ epochs: records.length, stopped: stopReason }, 'end');
    return {
      experiment,
      net,
      records,
      path: directory.path,
      ...(stopReason !== undefined && { stopped: stopReason }),
    };
  } catch (error) {
    net.model.dispose();
    throw noted(error, log, directory.path);
  } finally {
    options.signal?.removeEventListener('abort', interrupt);
    // What failed there was thrown.
    await session?.background.settle().catch(() => undefined);
    // Workers that are not closed keep the process alive, even where the disk is too full to write the last events.
    try {
      summary?.close();
    } finally {
      await loader?.close();
      directory.release();
    }
  }
}

/** A run goes on with files as they are now: what it then trains on is not what it began with. */
async function warnOfChanged(
  { train, validation }: Pick<Prepared, 'train' | 'validation'>,
  run: string,
  log: Run['log'],
): Promise<void> {
  const { mtimeMs } = await stat(join(run, DATA_RECORD));
  const changed = await changedFiles([train, validation], mtimeMs);
  if (changed.length === 0) return;
  log.info({ changed }, 'changed');
  const files = changed.length === 1 ? '1 file has' : `${changed.length} files have`;
  log.warn(
    `${files} changed since the run began: ${changed[0]}${changed.length > 1 ? ' first' : ''}. It goes on with them as they are now.`,
  );
}

function warnOfSkipped(skipped: NonNullable<DataRecord['skipped']>, log: Run['log']): void {
  log.info({ skipped }, 'skipped');
  const [first] = skipped;
  const files =
    skipped.length === 1
      ? '1 sample that cannot be read is'
      : `${skipped.length} samples that cannot be read are`;
  log.warn(`${files} left out, listed in ${DATA_RECORD}. ${first?.reason}`);
}

/** The training split as workers open it. */
function sourceOf({ data, seed }: Experiment, train: Dataset, { intensity }: DataRecord): TrainingSource {
  const { dataset, augment = [] } = data;
  return { dataset, augment, seed, ids: train.samples.map(({ id }) => id), ...(intensity && { intensity }) };
}

/** Checkpoints hold the averages in the place of the weights, and the other way round. */
function restore(from: Checkpoint, { net, optimizer, defence }: Learner): void {
  restoreWeights(net.model, from);
  restoreSlots([...optimizer.slots, ...(defence?.slots ?? [])], from);
  optimizer.swapAverages();
}

function callbacksOf(
  { defence, robustness, earlyStop: stops }: Experiment,
  gradients: GradientWatch,
): Callback[] {
  return [
    cleanMeasurement(),
    ...(defence && isSingleStep(defence) ? [catastrophicOverfitting()] : []),
    ...(robustness ? [robustnessMeasurement(), trainingRobustness(), unattackedMeasurement()] : []),
    tensorboard(gradients),
    checkpoint(),
    ...(stops ? [earlyStop()] : []),
  ];
}

/** The stack goes to the log, one line to the user. */
function noted(error: unknown, log: Log, directory: string): unknown {
  let where = ` (the stack is in ${join(directory, 'log.jsonl')})`;
  try {
    log.fatal(
      { error: error instanceof Error ? { message: error.message, stack: error.stack } : error },
      'failed',
    );
  } catch {
    // Where the log cannot be written either, the error that ended the run is the one to hear of.
    where = '';
  }
  if (error instanceof UsageError || error instanceof RunError) return error;
  return new RunError(`${messageOf(error)}${where}`, { cause: error });
}
