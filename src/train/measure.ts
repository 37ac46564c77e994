// Measuring a net on data, for callbacks and for `medrobust evaluate`.

import { setImmediate as macrotask } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { type AttackChoice, createAttack } from '../attacks/create.ts';
import type { NormName } from '../attacks/threat.ts';
import { transferred } from '../attacks/transfer.ts';
import { batches } from '../data/batches.ts';
import type { Batch, Dataset } from '../data/dataset.ts';
import { sampleStratified, subset } from '../data/subset.ts';
import { type LossChoice, lossOf } from '../losses/create.ts';
import type { Random } from '../random.ts';
import { type RobustnessCurves, robustnessCurves } from '../robustness/curve.ts';
import { type MetricName, metricOf } from '../robustness/metrics/create.ts';
import type { Classifier } from '../robustness/target.ts';

export interface CleanOptions {
  readonly metrics: readonly MetricName[];
  readonly loss: LossChoice;
  readonly batchSize: number;
  readonly signal?: AbortSignal;
  /** Sees the logits too, batch by batch; they are not its own. */
  readonly observe?: (logits: tf.Tensor, labels: tf.Tensor) => void;
}

/** The loss (as `loss`) and each metric, by its name, of a net on clean images. */
export async function measureClean(
  net: Classifier,
  dataset: Dataset,
  options: CleanOptions,
): Promise<Record<string, number>> {
  const tallies = options.metrics.map((name) => ({ name, tally: metricOf(name).tally() }));
  const loss = lossOf(options.loss);
  let lossSum = 0;
  for await (using batch of interruptible(dataset, options.batchSize, options.signal)) {
    const { images, labels } = batch;
    lossSum += tf.tidy(() => {
      const logits = net.logits(images);
      for (const { tally } of tallies) tally.add(logits, labels);
      options.observe?.(logits, labels);
      return loss(logits, labels).sum().dataSync<'float32'>()[0] as number;
    });
  }
  const values = tallies.map(({ name, tally }) => [name, tally.value()] as const);
  return { loss: lossSum / dataset.samples.length, ...Object.fromEntries(values) };
}

/**
 * The batches of a dataset, in its order; signals are heard between them. Whoever iterates disposes.
 *
 * Throws the reason of `signal` once it is aborted.
 */
export async function* interruptible(
  dataset: Dataset,
  size: number,
  signal?: AbortSignal,
): AsyncGenerator<Batch> {
  for await (const batch of batches(dataset, { size })) {
    yield batch;
    // Signals of the system are delivered between turns of the event loop only.
    await macrotask();
    signal?.throwIfAborted();
  }
}

export interface RobustnessOptions {
  readonly attacks: readonly AttackChoice[];
  readonly norm: NormName;
  readonly epsilons: readonly number[];
  /** How many images are attacked: of each class as many as it is frequent. */
  readonly images: number;
  readonly metric: MetricName;
  readonly loss: LossChoice;
  readonly batchSize: number;
  readonly random: Random;
  readonly signal?: AbortSignal;
  /** Each attack is made on this net, too, and tried on the one measured. */
  readonly surrogate?: Classifier;
}

/** The images that a robustness measurement attacks: the same for the same `random`. */
export function attackedImages(dataset: Dataset, images: number, random: Random): Dataset {
  return subset(dataset, sampleStratified(dataset, images, random.stream('images')));
}

/** Robustness curves of a net under several attacks, on a part of `dataset` fixed by `random`. */
export function measureRobustness(
  net: Classifier,
  dataset: Dataset,
  options: RobustnessOptions,
): Promise<RobustnessCurves> {
  const { attacks, norm, epsilons, images, metric, loss, batchSize, random, signal, surrogate } = options;
  const made = attacks.map(createAttack);
  return robustnessCurves(interruptible(attackedImages(dataset, images, random), batchSize, signal), {
    net,
    attacks: surrogate ? [...made, ...made.map((attack) => transferred(attack, surrogate))] : made,
    norm,
    epsilons,
    metric: { name: metric, metric: metricOf(metric) },
    loss: lossOf(loss),
    random: random.stream('attacks'),
  });
}
