// A trained net on a split it may not have seen: clean metrics and robustness curves.

import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs';
import type { Dataset } from '../data/dataset.ts';
import { UsageError } from '../errors.ts';
import { openLayersModel } from '../exchange/layers-model.ts';
import { createNet } from '../nets/create.ts';
import { createRandom, type Random } from '../random.ts';
import type { CorruptionScores } from '../robustness/corruption-scores.ts';
import type { RobustnessCurves } from '../robustness/curve.ts';
import type { NoiseControl } from '../robustness/matched-noise.ts';
import { type Outputs, outputsOf } from '../robustness/outputs.ts';
import { type Classifier, classifierOf } from '../robustness/target.ts';
import { type Tiles, tiled } from '../robustness/tiles.ts';
import type { AmbiguityScores, OutlierScores } from '../robustness/uncertainty.ts';
import { checkpointedEpochs, checkpointName, loadCheckpoint, restoreWeights } from './checkpoints.ts';
import type { Experiment } from './experiment.ts';
import { measureClean, measureRobustness } from './measure.ts';
import {
  type MeasureOptions,
  measureAmbiguity,
  measureCorruptions,
  measureNoise,
  measureOutliers,
} from './measure-unattacked.ts';
import { bestEpoch, bestMeasurement } from './measurements.ts';
import { readRecords } from './run-directory.ts';

export interface Evaluation {
  readonly experiment: string;
  readonly net: string;
  readonly split: string;
  readonly images: number;
  /** What the net gives, where that is no logits. */
  readonly outputs?: Outputs;
  /** How images larger than the net takes were put together. */
  readonly tiles?: Tiles;
  /** `loss` and each metric of the experiment. */
  readonly clean: Readonly<Record<string, number>>;
  /** Absent where nothing was attacked, and so are the others where they were not asked for. */
  readonly robustness?: RobustnessCurves;
  readonly corruptions?: CorruptionScores;
  /** Noise as visible as the worst case of `robustness`. */
  readonly control?: NoiseControl;
  readonly outliers?: OutlierScores;
  readonly ambiguity?: AmbiguityScores;
}

/** Which checkpoint of a run: by its measurements, or the epoch. */
export type CheckpointChoice = 'best' | 'last' | number;

/** The epoch that a choice means. Throws `UsageError` where the run has no such checkpoint. */
export async function chooseCheckpoint(
  run: string,
  experiment: Experiment,
  choice: CheckpointChoice,
): Promise<number> {
  const epochs = await checkpointedEpochs(run);
  if (epochs.length === 0)
    throw new UsageError(`${run} has no checkpoint yet: its first epoch was not finished.`);
  const records = (await readRecords(run)).filter(({ epoch }) => epochs.includes(epoch));
  const best = bestEpoch(records, bestMeasurement(experiment));
  const epoch = choice === 'last' ? epochs.at(-1) : choice === 'best' ? (best ?? epochs.at(-1)) : choice;
  if (epoch !== undefined && epochs.includes(epoch)) return epoch;
  throw new UsageError(`${run} keeps no checkpoint of epoch ${choice}. It keeps: ${epochs.join(', ')}.`);
}

/** The net of a run as it was after an epoch. The caller disposes it. Throws `RunError` for a damaged checkpoint. */
export async function loadNet(
  run: string,
  experiment: Experiment,
  epoch: number,
  data: Dataset,
): Promise<tf.LayersModel> {
  const checkpoint = await loadCheckpoint(join(run, checkpointName(epoch)));
  const shape = { task: data.task, imageShape: data.imageShape, classes: data.classes.length };
  const { model } = createNet(experiment.net, shape, createRandom(experiment.seed).stream('net'));
  restoreWeights(model, checkpoint);
  return model;
}

/**
 * A net from a model.json of any tfjs program, with its weights beside it. The caller disposes it.
 *
 * It takes images in [0, 1]. Its first output has a value for each class, or one where there are two classes; whether
 * that is a logit or a probability, `evaluate` is told or takes from the last layer. Throws `UsageError` where it cannot
 * be read or does not fit the data.
 */
export async function loadModelFile(path: string, data: Dataset): Promise<tf.LayersModel> {
  const model = await openLayersModel(path);
  if (data.task === 'multilabel') {
    model.dispose();
    throw new UsageError(
      `${path}: models of files cannot be evaluated on ${data.name}, whose images have several labels. Name a run.`,
    );
  }
  const expected = [...data.imageShape, data.classes.length];
  const outputs = model.outputs[0]?.shape ?? [];
  // [batch] and [batch, height, width] are of one value.
  const values = outputs.length % 2 === 1 ? 1 : outputs.at(-1);
  const given = values === 1 ? 2 : values;
  const found = [...(model.inputs[0]?.shape.slice(1) ?? []), given];
  if (expected.every((size, i) => found[i] === size || found[i] === null)) return model;
  model.dispose();
  throw new UsageError(
    `${path} takes images [${found.slice(0, -1)}] and gives ${found.at(-1)} classes; ` +
      `${data.name} has images [${data.imageShape}] of ${data.classes.length}.`,
  );
}

export interface EvaluateOptions {
  /** What is attacked and how; absent for clean metrics alone. */
  readonly robustness?: Omit<NonNullable<Experiment['robustness']>, 'everyEpochs'>;
  /** Another net, of the same images and classes: each attack is made on it, too, and tried on the net measured. */
  readonly surrogate?: tf.LayersModel;
  readonly random?: Random;
  /** What the net gives; by default, what its last layer tells. */
  readonly outputs?: Outputs | undefined;
  /** Attacks may take so long: of the images asked for, as many are attacked as that allows. */
  readonly seconds?: number | undefined;
  /** The net is one of tiles of this size, and the images are larger; for segmentation. */
  readonly tiles?: Tiles | undefined;
}

/** Measures a net on `dataset`, a split called `split`. */
export async function evaluate(
  model: tf.LayersModel,
  experiment: Experiment,
  { split, dataset }: { readonly split: string; readonly dataset: Dataset },
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { metrics, loss, data, name, net } = experiment;
  const { batchSize } = data;
  const {
    robustness,
    surrogate,
    random = createRandom(experiment.seed),
    outputs = outputsOf(model),
    tiles,
  } = options;
  using whole = classifierOf(model, { outputs });
  const target = tiles ? tiled(whole, tiles) : whole;
  const clean = await measureClean(target, dataset, { metrics, loss, batchSize });
  const images = dataset.samples.length;
  const ends = outputs !== 'logits' && { outputs };
  const measured = {
    experiment: name,
    net: net.name,
    split,
    images,
    ...ends,
    ...(tiles && { tiles }),
    clean,
  };
  if (!robustness) return measured;
  const how = { ...robustness, metric: metrics[0], loss, batchSize, random: random.stream('robustness') };
  using other = surrogate && classifierOf(surrogate);
  const curves = await measureRobustness(target, dataset, {
    ...how,
    unseen: robustness.unseen ? 'all' : 'cheap',
    seconds: options.seconds,
    ...(other && { surrogate: tiles ? tiled(other, tiles) : other }),
  });
  const attacked = { ...how, images: curves.worst.images };
  return {
    ...measured,
    robustness: curves,
    ...(await unattacked(target, dataset, robustness, attacked, curves)),
  };
}

/** What else is asked for, of images that nobody attacks. */
async function unattacked(
  net: Classifier,
  dataset: Dataset,
  { corruptions, noise, outliers, ambiguity }: NonNullable<EvaluateOptions['robustness']>,
  options: MeasureOptions,
  { worst }: RobustnessCurves,
): Promise<Partial<Evaluation>> {
  return {
    ...(corruptions && { corruptions: await measureCorruptions(net, dataset, corruptions, options) }),
    ...(noise && { control: await measureNoise(net, dataset, { noise, curve: worst }, options) }),
    ...(outliers && { outliers: await measureOutliers(net, dataset, outliers, options) }),
    ...(ambiguity && { ambiguity: await measureAmbiguity(net, dataset, options) }),
  };
}
