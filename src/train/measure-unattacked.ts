// What images that nobody attacks do to a net: corruptions, noise as visible as an attack, outliers and mixtures.

import { type DatasetChoice, openDataset } from '../data/create.ts';
import type { Dataset } from '../data/dataset.ts';
import { mixtures } from '../data/mixtures.ts';
import { refit } from '../data/refit.ts';
import { sampleStratified, subset } from '../data/subset.ts';
import type { Random } from '../random.ts';
import { type CorruptionScores, corruptionScores } from '../robustness/corruption-scores.ts';
import type { CorruptionName } from '../robustness/corruptions/corrupt.ts';
import type { RobustnessCurve } from '../robustness/curve.ts';
import { type NoiseControl, noiseControl } from '../robustness/matched-noise.ts';
import { type MetricName, metricOf } from '../robustness/metrics/create.ts';
import type { NoiseName } from '../robustness/noises.ts';
import { ofStored } from '../robustness/quantise.ts';
import type { Classifier } from '../robustness/target.ts';
import {
  type AmbiguityScores,
  ambiguityScores,
  type OutlierScores,
  outlierScores,
} from '../robustness/uncertainty.ts';
import { attackedImages, interruptible } from './measure.ts';

export interface MeasureOptions {
  /** How many images are measured: those that are attacked. */
  readonly images: number;
  readonly metric: MetricName;
  readonly batchSize: number;
  /** As for `measureRobustness`. */
  readonly random: Random;
  readonly signal?: AbortSignal;
}

function chosen(dataset: Dataset, { images, batchSize, random, signal }: MeasureOptions) {
  return interruptible(attackedImages(dataset, images, random), batchSize, signal);
}

const metricIn = ({ metric }: MeasureOptions) => ({ name: metric, metric: metricOf(metric) });

/** The metric under corruptions, on the images that are attacked. */
export function measureCorruptions(
  net: Classifier,
  dataset: Dataset,
  corruptions: readonly CorruptionName[],
  options: MeasureOptions,
): Promise<CorruptionScores> {
  const random = options.random.stream('corruptions');
  return corruptionScores(chosen(dataset, options), { net, corruptions, metric: metricIn(options), random });
}

/** The metric under noise as visible as the attacked images of a curve, on the same images, stored as those are. */
export function measureNoise(
  net: Classifier,
  dataset: Dataset,
  { noise, curve }: { readonly noise: NoiseName; readonly curve: RobustnessCurve },
  options: MeasureOptions,
): Promise<NoiseControl> {
  const random = options.random.stream('noise');
  const { points, quantise } = curve;
  const judged = quantise ? ofStored(net, quantise) : net;
  return noiseControl(chosen(dataset, options), {
    ...{ net: judged, noise, points, random },
    metric: metricIn(options),
  });
}

/** Whether the net is surer of its own images than of as many of another kind. */
export async function measureOutliers(
  net: Classifier,
  dataset: Dataset,
  outliers: DatasetChoice,
  options: MeasureOptions,
): Promise<OutlierScores> {
  const { images, random, batchSize, signal } = options;
  const others = refit(await openDataset(outliers), dataset.imageShape);
  const drawn = subset(others, sampleStratified(others, images, random.stream('outliers')));
  return outlierScores(net, chosen(dataset, options), interruptible(drawn, batchSize, signal));
}

/** How sure the net is of mixtures of two classes. Throws `UsageError` for a segmentation. */
export function measureAmbiguity(
  net: Classifier,
  dataset: Dataset,
  options: MeasureOptions,
): Promise<AmbiguityScores> {
  const { images, random, batchSize, signal } = options;
  const own = attackedImages(dataset, images, random);
  const mixed = interruptible(mixtures(own, random.stream('mixtures')), batchSize, signal);
  return ambiguityScores(net, interruptible(own, batchSize, signal), mixed);
}
