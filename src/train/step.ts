import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../data/dataset.ts';
import { valueAndGradients } from '../engine/backward.ts';
import type { BatchNormalization } from '../engine/gradients/batch-norm-layer.ts';
import { runInTraining } from '../engine/model/run.ts';
import { RunError } from '../errors.ts';
import type { Loss } from '../losses/loss.ts';
import type { Net } from '../nets/net.ts';
import type { Defence } from './defences/defence.ts';
import type { GradientSum } from './gradient-sum.ts';
import { createOptimizer, type Optimizer, type OptimizerChoice } from './optimizers.ts';

/** What moves in training. */
export interface Learner {
  readonly net: Net;
  readonly loss: Loss;
  /** Bound to `trainableWeights(net)`. */
  readonly optimizer: Optimizer;
  /** Bound to this net and loss. */
  readonly defence?: Defence;
  /** Where a step takes several batches. */
  readonly sum?: GradientSum;
}

/** The weights that training moves, in the order of the model. */
export function trainableWeights(net: Net): tf.Variable[] {
  // `read` is typed as a tensor; what it gives is the variable itself.
  return net.model.trainableWeights.map((weight) => weight.read() as tf.Variable);
}

/** An optimizer of a net, whose averages are of its weights and of the moving statistics of batch normalisation. */
export function optimizerOf(choice: OptimizerChoice, net: Net): Optimizer {
  const norms = net.model.layers.filter((layer) => layer.getClassName() === 'BatchNormalization');
  const statistics = norms.flatMap((layer) => {
    const { movingMean, movingVariance } = layer as BatchNormalization;
    return [movingMean, movingVariance].map((weight) => weight.read() as tf.Variable);
  });
  return createOptimizer(choice, trainableWeights(net), statistics);
}

/** Where a step stands in its run. */
export interface StepPlace {
  /** Epochs since the start of the run, this step included, for a defence that warms up. */
  readonly elapsed?: number;
  /** What a schedule leaves of the learning rate. */
  readonly learningRateShare?: number;
  /** Which of the batches of the step this is; the first is 0. */
  readonly part?: number;
  /** Whether it is the last of them: then the weights move. */
  readonly isLast?: boolean;
}

/**
 * One optimizer step on a batch; gives the loss before it: the mean over the images, of the first head plus
 * the others by their `auxiliaryWeights`.
 *
 * With a defence, that of the batch under attack. `step` counts from 1. Where the learner sums gradients, only the last
 * batch of a step moves the weights, by the mean over the images of all of them; batch normalisation normalises each
 * batch by itself, and moves its statistics with each. Throws `RunError` for a loss that is not finite, before any
 * weight has moved.
 */
export async function trainStep(
  learner: Learner,
  batch: Batch,
  step: number,
  { elapsed = Number.POSITIVE_INFINITY, learningRateShare = 1, part = 0, isLast = true }: StepPlace = {},
): Promise<number> {
  const { net, loss, optimizer, defence, sum } = learner;
  const { value, gradients } = defence
    ? defence.lossAndGradients(batch, { step, elapsed, part })
    : valueAndGradients(() => trainingLoss(net, loss, batch), trainableWeights(net));
  try {
    const mean = (await value.data())[0] as number;
    if (!Number.isFinite(mean)) throw new RunError(`the loss became ${mean} at step ${step}`);
    if (!sum) {
      optimizer.step(gradients, step, learningRateShare);
      return mean;
    }
    sum.add(gradients, batch.images.shape[0]);
    if (!isLast) return mean;
    const means = sum.take();
    optimizer.step(means, step, learningRateShare);
    tf.dispose(means.filter((gradient) => gradient !== undefined));
    return mean;
  } finally {
    tf.dispose([value, ...gradients.filter((gradient) => gradient !== undefined)]);
  }
}

/** The loss of all heads of the net, in training mode. */
export function trainingLoss(
  net: Net,
  loss: Loss,
  { images, labels, mixed }: Pick<Batch, 'images' | 'labels' | 'mixed'>,
): tf.Scalar {
  const lossOf = (logits: tf.Tensor): tf.Tensor1D => {
    const own = loss(logits, labels);
    if (!mixed) return own;
    return own.mul(1 - mixed.share).add(loss(logits, mixed.labels).mul(mixed.share));
  };
  return meanOverHeads(net, runInTraining(net.model, images).map(lossOf));
}

/** The mean over the images of the losses, `[batch]`, of the first head and of the others by their weights. */
export function meanOverHeads(net: Net, heads: readonly tf.Tensor1D[]): tf.Scalar {
  const terms = heads.map((losses, head) => {
    const weight = head === 0 ? 1 : (net.auxiliaryWeights[head - 1] ?? 0);
    return losses.mean().mul(weight);
  });
  return tf.addN(terms) as tf.Scalar;
}
