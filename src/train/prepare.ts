// What a run needs before it begins.

import * as tf from '@tensorflow/tfjs';
import { openDataset } from '../data/create.ts';
import type { Dataset } from '../data/dataset.ts';
import { mixtures } from '../data/mixtures.ts';
import { UsageError } from '../errors.ts';
import { type ImportReport, importWeights } from '../exchange/import-weights.ts';
import { type LossChoice, lossOf } from '../losses/create.ts';
import { createNet } from '../nets/create.ts';
import type { Net, NetShape } from '../nets/net.ts';
import { createRandom, type Random } from '../random.ts';
import type { Experiment } from './experiment.ts';
import { freeze } from './freeze.ts';
import { attackedImages } from './measure.ts';
import { openSplits } from './splits.ts';

export interface Prepared {
  readonly experiment: Experiment;
  readonly random: Random;
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly net: Net;
  /** What came of the weights that the experiment begins with. */
  readonly imported?: ImportReport;
}

/**
 * Opens the data and builds the net, before anything is written: all that can be wrong with an experiment goes
 * wrong here, as a `UsageError`. The caller disposes `net.model`. With `restores`, weights are to come from a checkpoint,
 * and those that the experiment begins with are left alone.
 */
export async function prepare(experiment: Experiment, { restores = false } = {}): Promise<Prepared> {
  const random = createRandom(experiment.seed);
  const { train, validation } = await openSplits(experiment, random);
  const shape = { task: train.task, imageShape: train.imageShape, classes: train.classes.length };
  tryLoss(experiment.loss, shape);
  await tryUnattacked(experiment, validation, random.stream('robustness'));
  const net = createNet(experiment.net, shape, random.stream('net'));
  try {
    requireWholeImages(net, shape);
    freeze(net, experiment.freeze ?? {});
    const { weights } = experiment;
    const imported = weights !== undefined && !restores ? await importWeights(net, weights) : undefined;
    return { experiment, random, train, validation, net, ...(imported && { imported }) };
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

/** Lets the loss refuse what it cannot take: another task, class weights for another number of classes. */
function tryLoss(choice: LossChoice, { task, classes }: NetShape): void {
  const places = task === 'segmentation' ? [1, 1, 1] : [1];
  const loss = lossOf(choice);
  tf.tidy(() => {
    loss(tf.zeros([...places, classes]), tf.zeros(places, 'int32'));
  });
}

/** Refuses a net that gives logits of the middle of an image only: labels are of all of it. */
function requireWholeImages({ name, model }: Net, { task, imageShape: [height, width] }: NetShape): void {
  const [, tall, wide] = model.outputs[0]!.shape;
  if (task === 'classification' || (tall === height && wide === width)) return;
  throw new UsageError(
    `${name}: expected logits of the whole image, ${height} × ${width}, but its convolutions without padding leave ` +
      `${tall} × ${wide}. Set padInput: true.`,
  );
}
