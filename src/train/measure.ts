// Measuring a net on data, for callbacks and for `medrobust evaluate`.

import { setImmediate as macrotask } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { type AttackChoice, createAttack } from '../attacks/create.ts';
import type { NormName } from '../attacks/threat.ts';
import { transferred } from '../attacks/transfer.ts';
import { batches } from '../data/batches.ts';
import type { Batch, Dataset } from '../data/dataset.ts';
import { rankStratified, sampleStratified, subset } from '../data/subset.ts';
import { type LossChoice, lossOf } from '../losses/create.ts';
import type { Random } from '../random.ts';
import { declareBudget } from '../robustness/budget.ts';
import { type CurveOptions, type RobustnessCurves, robustnessCurves } from '../robustness/curve.ts';
import type { KeptImages } from '../robustness/kept-images.ts';
import { type MetricName, metricOf } from '../robustness/metrics/create.ts';
import type { BitDepth } from '../robustness/quantise.ts';
import type { Classifier } from '../robustness/target.ts';
import { largestUnseen } from '../robustness/unseen.ts';
import { timedBatches } from './timed-batches.ts';

export interface CleanOptions {
  readonly metrics: readonly MetricName[];
  readonly loss: LossChoice;
  readonly batchSize: number;
  readonly signal?: AbortSignal;
  /** Sees the logits too, batch by batch; they are not its own. */
  readonly observe?: (logits: tf.Tensor, labels: tf.Tensor) => void;
}

/** The loss (as `loss`) and each metric, by its name, of a net on clean images; some also of each class, `<name>/<class>`. */
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
  const values = tallies.flatMap(({ name, tally }) => [
    [name, tally.value()] as const,
    ...(tally.classes?.() ?? []).map((value, k) => [`${name}/${dataset.classes[k]}`, value] as const),
  ]);
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
  /** Of `images`, only as many are attacked as so many seconds allow. */
  readonly seconds?: number | undefined;
  /** As in `CurveOptions`. */
  readonly quantise?: BitDepth | undefined;
  /** Of which attacks `RobustnessCurve.unseen` is measured: all, or those for which it costs little. Default: none. */
  readonly unseen?: 'all' | 'cheap' | undefined;
  /** As in `CurveOptions`. */
  readonly keep?: KeptImages | undefined;
}

/** The images that a robustness measurement attacks: the same for the same `random`. */
export function attackedImages(dataset: Dataset, images: number, random: Random): Dataset {
  return subset(dataset, sampleStratified(dataset, images, random.stream('images')));
}

/**
 * Robustness curves of a net under several attacks, on a part of `dataset` fixed by `random`.
 *
 * With `seconds`, it depends on the time how many images of that part are attacked; which, does not.
 */
export async function measureRobustness(
  net: Classifier,
  dataset: Dataset,
  options: RobustnessOptions,
): Promise<RobustnessCurves> {
  const { attacks, norm, epsilons, metric, loss, random, surrogate, quantise, keep } = options;
  const made = attacks.map(createAttack);
  const how: CurveOptions = {
    net,
    attacks: surrogate ? [...made, ...made.map((attack) => transferred(attack, surrogate))] : made,
    ...{ norm, epsilons, quantise, keep, classes: dataset.classes },
    metric: { name: metric, metric: metricOf(metric) },
    loss: lossOf(loss),
    random: random.stream('attacks'),
  };
  return withUnseen(await curvesOf(dataset, how, options), dataset, how, options);
}

async function curvesOf(
  dataset: Dataset,
  how: CurveOptions,
  { images, batchSize, random, signal, seconds }: RobustnessOptions,
): Promise<RobustnessCurves> {
  if (seconds === undefined) {
    return robustnessCurves(interruptible(attackedImages(dataset, images, random), batchSize, signal), how);
  }
  const started = performance.now();
  const chosen = subset(dataset, rankStratified(dataset, random.stream('images')).slice(0, images));
  const measured = await robustnessCurves(timedBatches(chosen, { size: batchSize, seconds, signal }), how);
  const used = (performance.now() - started) / 1000;
  return declareBudget(measured, { seconds, used, asked: chosen.samples.length });
}

/** Enough for a mean similarity, and little to hold in memory. */
const UNSEEN_IMAGES = 32;

async function withUnseen(
  measured: RobustnessCurves,
  dataset: Dataset,
  how: CurveOptions,
  { images, batchSize, random, signal, unseen }: RobustnessOptions,
): Promise<RobustnessCurves> {
  const attacks = how.attacks.filter(
    ({ direction, minimise }) => unseen === 'all' || (unseen === 'cheap' && (direction || minimise)),
  );
  if (attacks.length === 0) return measured;
  const few = attackedImages(dataset, Math.min(images, UNSEEN_IMAGES), random);
  const found = await largestUnseen(interruptible(few, batchSize, signal), attacks, how);
  const of = new Map(attacks.map(({ name }, i) => [name, found[i]]));
  return {
    ...measured,
    curves: measured.curves.map((curve) => {
      const epsilon = of.get(curve.attack);
      return epsilon ? { ...curve, unseen: epsilon } : curve;
    }),
  };
}
