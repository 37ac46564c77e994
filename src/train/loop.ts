// The training loop, in the open.

import { setImmediate as macrotask } from 'node:timers/promises';
import type { Batch } from '../data/dataset.ts';
import { balancedOrder } from '../data/sampling.ts';
import { RunError } from '../errors.ts';
import { reseedDropout } from '../nets/dropout.ts';
import type { Callback, EpochRecord, Measurements } from './callback.ts';
import type { Position } from './checkpoints.ts';
import { splitTimes } from './measurements.ts';
import { learningRateShare } from './schedules.ts';
import type { Session } from './session.ts';
import { trainStep } from './step.ts';
import { type StepPart, stepPart } from './step-part.ts';

/** Trains from `session.position` to the last epoch, unless stopped: see `callback.ts` for the order of events. */
export async function trainEpochs(session: Session, callbacks: readonly Callback[]): Promise<void> {
  const { run } = session;
  for (const callback of callbacks) await callback.onRunStart?.(run);

  while (session.position.epoch <= run.experiment.epochs && session.stopReason === undefined) {
    const started = performance.now();
    const passed = await trainBatches(session, callbacks);
    const trained = (performance.now() - started) / 1000;
    if (run.signal.aborted) break;

    const later = await secondsOf(() => session.background.settle());
    session.requireFiniteWeights();
    const ended = await session.asMeasured(() => endEpoch(session, callbacks, { ...passed, trained, later }));
    if (!ended) break;
  }

  await session.asMeasured(async () => {
    await session.saveWhereItStands();
    for (const callback of callbacks) await callback.onRunEnd?.(run);
  });
}

/** What an epoch took. */
interface Passed {
  readonly batches: number;
  /** Seconds in which there was no batch to train on. */
  readonly waited: number;
}

/** Measures, records and acts; gives whether it did: not when the run was interrupted in measuring. */
async function endEpoch(
  session: Session,
  callbacks: readonly Callback[],
  { batches, trained, waited, later }: Passed & { readonly trained: number; readonly later: number },
): Promise<boolean> {
  const { run, records, position } = session;
  const measurements = await measure(session, callbacks);
  if (measurements === undefined) return false;
  const { epoch, step } = position;
  const record: EpochRecord = {
    epoch,
    step,
    ...splitTimes({
      'train/loss': position.lossSum / position.images,
      ...(run.experiment.schedule && { 'train/learningRate': learningRate(session, batches) }),
      ...measurements,
      'time/train': trained,
      'time/wait': waited,
    }),
  };
  // What the epoch before had left to do, and was not done while this one was trained on.
  const seconds: Record<string, number> = { later };
  seconds.records = await secondsOf(() => run.directory.appendRecord(record));
  run.log.info(record, 'epoch');
  session.position = { epoch: epoch + 1, batch: 0, step, lossSum: 0, images: 0 };
  for (const callback of callbacks) {
    if (callback.onRecord) seconds[callback.name] = await secondsOf(() => callback.onRecord?.(run, record));
  }
  run.log.info({ epoch, seconds }, 'kept');
  records.push(record);
  return true;
}

async function secondsOf(body: () => Promise<void> | void): Promise<number> {
  const started = performance.now();
  await body();
  return (performance.now() - started) / 1000;
}

/** After a batch, while there is something left to write: together still less than a millisecond. */
const MOST_TURNS = 20;

/** The rest of the epoch that `session.position` is in; returns early when the run is interrupted. */
async function trainBatches(session: Session, callbacks: readonly Callback[]): Promise<Passed> {
  const { run, loader } = session;
  const { epoch } = session.position;
  const { batchSize: size } = run.experiment.data;
  const order = orderOf(shuffled(run, epoch), size);
  const count = Math.ceil(order.length / size);

  let waited = 0;
  let since = performance.now();
  let asked = since;
  for await (using batch of loader.epoch(epoch, { size, order, skip: session.position.batch })) {
    waited += (performance.now() - asked) / 1000;
    const at: Position = session.position;
    // Workers have nothing else left to do while the net is at the last batch, and then measured.
    if (at.batch === count - 1) prepareNext(session);
    const part = stepPart(at.batch, { batches: count, accumulate: run.experiment.accumulate });
    const { step, loss } = await trainBatch(session, batch, part);
    const images = batch.ids.length;
    session.position = {
      epoch,
      batch: at.batch + 1,
      step,
      lossSum: at.lossSum + loss * images,
      images: at.images + images,
      seconds: (at.seconds ?? 0) + (performance.now() - since) / 1000,
    };
    since = performance.now();
    for (const callback of callbacks) {
      callback.onBatchEnd?.(run, { epoch, step, batch: at.batch, batches: count, loss });
    }
    // Signals are heard between turns of the event loop only, and each of many small operations of files ends in one.
    for (let turn = 0; turn === 0 || (turn < MOST_TURNS && session.background.busy); turn++)
      await macrotask();
    session.background.check();
    // What a step has summed so far is not saved: it is ended first.
    if (run.signal.aborted && part.isLast) break;
    asked = performance.now();
  }
  return { batches: count, waited };
}

/** Lets workers begin the next epoch. */
function prepareNext({ run, loader, position }: Session): void {
  const next = position.epoch + 1;
  const { epochs, data } = run.experiment;
  if (next > epochs) return;
  loader.prepare(next, { size: data.batchSize, order: orderOf(shuffled(run, next), data.batchSize) });
}

function shuffled({ experiment, train, random }: Session['run'], epoch: number): Int32Array {
  const own = random.stream(`shuffle/${epoch}`);
  return experiment.data.sampling === 'balanced'
    ? balancedOrder(train, own)
    : own.permutation(train.samples.length);
}

/** Of the last step of the epoch. */
function learningRate(session: Session, batches: number): number {
  const { accumulate } = session.run.experiment;
  const last = stepPart(batches - 1, { batches, accumulate });
  return (session.learner.optimizer.options.learningRate as number) * shareAt(session, last);
}

function shareAt({ run, records, position }: Session, { index, steps }: StepPart): number {
  const passed = position.epoch - 1 + index / steps;
  return learningRateShare(run.experiment, { passed, step: 1 / steps, records });
}

/**
 * One step on a batch, or a part of one, or as many as the defence takes; gives how many are taken now, and the mean
 * loss.
 */
async function trainBatch(
  session: Session,
  batch: Batch,
  at: StepPart,
): Promise<{ step: number; loss: number }> {
  const { run, learner, position, diverged } = session;
  const { replays = 1 } = learner.defence ?? {};
  const { index, steps, part, isLast } = at;
  const place = {
    ...{ part, isLast },
    elapsed: position.epoch - 1 + (index + 1) / steps,
    learningRateShare: shareAt(session, at),
  };
  let { step } = position;
  let loss = 0;
  for (let replay = 0; replay < replays; replay++) {
    step++;
    reseedDropout(run.net.model, run.random.stream(`dropout/${step}${part > 0 ? `/${part}` : ''}`));
    const before = await trainStep(learner, batch, step, place).catch((error) => {
      throw error instanceof RunError ? diverged(error.message) : error;
    });
    loss += before / replays;
  }
  return { step: isLast ? step : position.step, loss };
}

/** A last batch of one image is left out: batch normalisation finds no spread in it. The next shuffle takes it in. */
function orderOf(permutation: Int32Array, size: number): Int32Array {
  const alone = permutation.length > size && permutation.length % size === 1;
  return alone ? permutation.subarray(0, -1) : permutation;
}

/** What all callbacks measure, merged; undefined when the run was interrupted meanwhile. */
async function measure(
  { run, position }: Session,
  callbacks: readonly Callback[],
): Promise<Measurements | undefined> {
  const merged: Record<string, number> = {};
  try {
    for (const callback of callbacks) {
      const started = performance.now();
      const { epoch, step, seconds = 0 } = position;
      const measured = await callback.onMeasure?.(run, { epoch, step, seconds });
      if (!measured || Object.keys(measured).length === 0) continue;
      Object.assign(merged, measured, { [`time/${callback.name}`]: (performance.now() - started) / 1000 });
    }
    return run.signal.aborted ? undefined : merged;
  } catch (error) {
    if (run.signal.aborted) return undefined;
    throw error;
  }
}
