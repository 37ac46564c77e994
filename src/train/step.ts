import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../data/dataset.ts';
import { valueAndGradients } from '../engine/backward.ts';
import type { BatchNormalization } from '../engine/gradients/batch-norm-layer.ts';
import { runInTraining } from '../engine/model/run.ts';
import { RunError } from '../errors.ts';
import type { Loss } from '../losses/loss.ts';
import type { Net } from '../nets/net.ts';
import { createOptimizer, type Optimizer, type OptimizerChoice } from './optimizers.ts';

/** What moves in training. */
export interface Learner {
  readonly net: Net;
  readonly loss: Loss;
  /** Bound to `trainableWeights(net)`. */
  readonly optimizer: Optimizer;
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

/**
 * One optimizer step on a batch; gives the loss before it: the mean over the images, of the first head plus
 * the others by their `auxiliaryWeights`.
 *
 * `step` counts from 1; `learningRateShare` is what a schedule leaves of the learning rate. Throws `RunError` for a
 * loss that is not finite, before any weight has moved.
 */
export async function trainStep(
  learner: Learner,
  batch: Batch,
  step: number,
  learningRateShare = 1,
): Promise<number> {
  const { net, loss, optimizer } = learner;
  const weights = trainableWeights(net);
  const { value, gradients } = valueAndGradients(() => trainingLoss(net, loss, batch), weights);
  try {
    const mean = (await value.data())[0] as number;
    if (!Number.isFinite(mean)) throw new RunError(`the loss became ${mean} at step ${step}`);
    optimizer.step(gradients, step, learningRateShare);
    return mean;
  } finally {
    tf.dispose([value, ...gradients.filter((gradient) => gradient !== undefined)]);
  }
}

function trainingLoss(net: Net, loss: Loss, { images, labels, mixed }: Batch): tf.Scalar {
  const lossOf = (logits: tf.Tensor) => {
    const own = loss(logits, labels).mean();
    if (!mixed) return own;
    return own.mul(1 - mixed.share).add(loss(logits, mixed.labels).mean().mul(mixed.share));
  };
  const terms = runInTraining(net.model, images).map((logits, head) => {
    const weight = head === 0 ? 1 : (net.auxiliaryWeights[head - 1] ?? 0);
    return lossOf(logits).mul(weight);
  });
  return tf.addN(terms) as tf.Scalar;
}
