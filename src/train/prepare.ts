// What a run needs before it begins.

import * as tf from '@tensorflow/tfjs';
import { createAugmenter } from '../data/augment.ts';
import { openDataset } from '../data/create.ts';
import type { Dataset } from '../data/dataset.ts';
import type { DiskCache } from '../data/disk-cache.ts';
import { mixtures } from '../data/mixtures.ts';
import { balancedOrder } from '../data/sampling.ts';
import { UsageError } from '../errors.ts';
import { type ImportReport, importWeights } from '../exchange/import-weights.ts';
import { fillLoss, type LossChoice, lossOf } from '../losses/create.ts';
import type { Loss } from '../losses/loss.ts';
import { createNet } from '../nets/create.ts';
import type { Net, NetShape } from '../nets/net.ts';
import { createRandom, type Random } from '../random.ts';
import type { DataRecord } from './data-record.ts';
import type { Experiment } from './experiment.ts';
import { freeze } from './freeze.ts';
import { attackedImages } from './measure.ts';
import { openSplits } from './splits.ts';

export interface Prepared {
  readonly experiment: Experiment;
  readonly random: Random;
  readonly train: Dataset;
  readonly validation: Dataset;
  /** What was found in the data. */
  readonly found: DataRecord;
  readonly cache?: DiskCache;
  /** Of training: weighs the classes where the experiment asks for it. */
  readonly loss: Loss;
  readonly net: Net;
  /** What came of the weights that the experiment begins with. */
  readonly imported?: ImportReport;
}

/**
 * Opens the data and builds the net, before anything is written: all that can be wrong with an experiment goes
 * wrong here, as a `UsageError`. The caller disposes `net.model`. With `restores`, weights are to come from a checkpoint,
 * and those that the experiment begins with are left alone; `kept` is what the run found in its data when it began.
 */
export async function prepare(
  experiment: Experiment,
  { restores = false, kept }: { readonly restores?: boolean; readonly kept?: DataRecord | undefined } = {},
): Promise<Prepared> {
  const random = createRandom(experiment.seed);
  const { train, validation, record: found, cache } = await openSplits(experiment, random, kept);
  const shape = { task: train.task, imageShape: train.imageShape, classes: train.classes.length };
  createAugmenter(experiment.data.augment ?? [], train.imageShape);
  const loss = lossOf(weighted(experiment.loss, found.classWeights));
  tryLoss(loss, shape);
  if (experiment.data.sampling === 'balanced') balancedOrder(train, random);
  await tryUnattacked(experiment, validation, random.stream('robustness'));
  const net = createNet(experiment.net, shape, random.stream('net'));
  try {
    requireWholeImages(net, shape);
    freeze(net, experiment.freeze ?? {});
    const { weights } = experiment;
    const imported = weights !== undefined && !restores ? await importWeights(net, weights) : undefined;
    const parts = { experiment, random, train, validation, found, loss, net };
    return { ...parts, ...(cache && { cache }), ...(imported && { imported }) };
  } catch (error) {
    net.model.dispose();
    throw error;
  }
}

/** Lets outliers and mixtures refuse what they cannot be made of. */
async function tryUnattacked({ robustness }: Experiment, validation: Dataset, random: Random): Promise<void> {
  if (robustness?.outliers) await openDataset(robustness.outliers);
  if (robustness?.ambiguity) mixtures(attackedImages(validation, robustness.images, random), random);
}

/** The loss with the weights that the data gave. Throws `UsageError` for a loss that takes none or has its own. */
function weighted(choice: LossChoice, classWeights: readonly number[] | undefined): LossChoice {
  if (classWeights === undefined) return choice;
  const { name, ...options } = fillLoss(choice);
  if ('classWeights' in options && options.classWeights?.length === 0)
    return { name, ...options, classWeights } as LossChoice;
  if ('positiveWeights' in options && options.positiveWeights?.length === 0)
    return { name, ...options, positiveWeights: classWeights } as LossChoice;
  const weighs = 'classWeights' in options || 'positiveWeights' in options;
  const reason = weighs ? 'has weights of its own' : 'takes no weights';
  throw new UsageError(`data.classWeights: the loss ${name} ${reason}. Leave out one of the two.`);
}

/** Lets the loss refuse what it cannot take: another task, class weights for another number of classes. */
function tryLoss(loss: Loss, { task, classes }: NetShape): void {
  const places = { classification: [1], multilabel: [1, classes], segmentation: [1, 1, 1] }[task];
  tf.tidy(() => {
    loss(tf.zeros([...places, task === 'multilabel' ? 2 : classes]), tf.zeros(places, 'int32'));
  });
}

/** Refuses a net that gives logits of the middle of an image only: labels are of all of it. */
function requireWholeImages({ name, model }: Net, { task, imageShape: [height, width] }: NetShape): void {
  const [, tall, wide] = model.outputs[0]!.shape;
  if (task !== 'segmentation' || (tall === height && wide === width)) return;
  throw new UsageError(
    `${name}: expected logits of the whole image, ${height} × ${width}, but its convolutions without padding leave ` +
      `${tall} × ${wide}. Set padInput: true.`,
  );
}
