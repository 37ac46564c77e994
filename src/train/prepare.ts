// What a run needs before it begins.

import * as tf from '@tensorflow/tfjs';
import { openDataset } from '../data/create.ts';
import type { Dataset } from '../data/dataset.ts';
import { mixtures } from '../data/mixtures.ts';
import { type LossChoice, lossOf } from '../losses/create.ts';
import { createNet } from '../nets/create.ts';
import type { Net, NetShape } from '../nets/net.ts';
import { createRandom, type Random } from '../random.ts';
import type { Experiment } from './experiment.ts';
import { attackedImages } from './measure.ts';
import { openSplits } from './splits.ts';

export interface Prepared {
  readonly experiment: Experiment;
  readonly random: Random;
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly net: Net;
}

/**
 * Opens the data and builds the net, before anything is written: all that can be wrong with an experiment goes
 * wrong here, as a `UsageError`. The caller disposes `net.model`.
 */
export async function prepare(experiment: Experiment): Promise<Prepared> {
  const random = createRandom(experiment.seed);
  const { train, validation } = await openSplits(experiment, random);
  const shape = { task: train.task, imageShape: train.imageShape, classes: train.classes.length };
  tryLoss(experiment.loss, shape);
  await tryUnattacked(experiment, validation, random.stream('robustness'));
  const net = createNet(experiment.net, shape, random.stream('net'));
  return { experiment, random, train, validation, net };
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
