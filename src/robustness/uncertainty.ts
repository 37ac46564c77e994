// What a net says of images that it cannot know: of another kind, or between two classes.

import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../data/dataset.ts';
import { UsageError } from '../errors.ts';
import { areaUnderRoc } from './metrics/auroc.ts';
import type { Classifier } from './target.ts';

/** How sure a net is of each image; of a segmentation, the mean over its pixels. */
interface Certainty {
  /** The largest probability. Hendrycks and Gimpel 2017, arXiv:1610.02136. */
  readonly maxSoftmax: number[];
  /** log Σ exp z, the negative of the energy. Liu et al. 2020, arXiv:2010.03759, equation 4, at temperature 1. */
  readonly negativeEnergy: number[];
  /** The lead of the first class over the second, in probability. */
  readonly margin: number[];
  /** Of the softmax, as a share of its largest value, log of the number of classes. */
  readonly entropy: number[];
}

const nothing = (): Certainty => ({ maxSoftmax: [], negativeEnergy: [], margin: [], entropy: [] });

/** The figures of one image or pixel, from its logits. */
function figuresOf(logits: Float32Array): Record<keyof Certainty, number> {
  const largest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const exponentials = Array.from(logits, (z) => Math.exp(z - largest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  const [first = 1, second = 0] = exponentials.map((value) => value / sum).sort((a, b) => b - a);
  const entropy = exponentials.reduce(
    (total, value, i) => total + (value / sum) * (largest - logits[i]!),
    Math.log(sum),
  );
  return {
    maxSoftmax: first,
    negativeEnergy: largest + Math.log(sum),
    margin: first - second,
    entropy: logits.length > 1 ? entropy / Math.log(logits.length) : 0,
  };
}

/** Adds the images of a batch. */
function look(net: Classifier, images: tf.Tensor4D, into: Certainty): void {
  const logits = tf.tidy(() => net.logits(images));
  const [batch, classes] = [logits.shape[0] as number, logits.shape.at(-1) as number];
  const values = logits.dataSync<'float32'>();
  const places = values.length / batch / classes;
  for (let image = 0; image < batch; image++) {
    const sums = { maxSoftmax: 0, negativeEnergy: 0, margin: 0, entropy: 0 };
    for (let place = image * places; place < (image + 1) * places; place++) {
      const figures = figuresOf(values.subarray(place * classes, (place + 1) * classes));
      for (const key of Object.keys(sums) as (keyof Certainty)[]) sums[key] += figures[key] / places;
    }
    for (const key of Object.keys(sums) as (keyof Certainty)[]) into[key].push(sums[key]);
  }
  logits.dispose();
}

/** The chance that one of `positive` scores higher than one of `negative`; ties count one half. */
function separation(positive: readonly number[], negative: readonly number[]): number {
  const scores = [...positive, ...negative];
  return areaUnderRoc(
    scores,
    scores.map((_, i) => i < positive.length),
  );
}

/** How well images of another kind are told apart: areas under the ROC curve, 0.5 being chance and 1 perfect. */
export interface OutlierScores {
  readonly images: number;
  readonly outliers: number;
  readonly maxSoftmax: number;
  readonly energy: number;
}

/** Whether `net` is surer of its own kind of images than of `outliers`; batches are disposed here. */
export async function outlierScores(
  net: Classifier,
  data: AsyncIterable<Batch>,
  outliers: AsyncIterable<Batch>,
): Promise<OutlierScores> {
  const [own, other] = [nothing(), nothing()];
  for await (using batch of data) look(net, batch.images, own);
  for await (using batch of outliers) look(net, batch.images, other);
  if (own.margin.length === 0 || other.margin.length === 0)
    throw new UsageError('Outliers: expected images of both kinds, received none of one.');
  return {
    images: own.margin.length,
    outliers: other.margin.length,
    maxSoftmax: separation(own.maxSoftmax, other.maxSoftmax),
    energy: separation(own.negativeEnergy, other.negativeEnergy),
  };
}

/** Means over images as they are, and over mixtures of two classes. */
export interface AmbiguityScores {
  readonly images: number;
  readonly mixtures: number;
  /** Lead of the first class over the second, in probability. */
  readonly margin: { readonly clean: number; readonly mixed: number };
  /** Entropy of the softmax, from 0 to 1. */
  readonly entropy: { readonly clean: number; readonly mixed: number };
  /** How well entropy tells mixtures from images: an area under the ROC curve. */
  readonly auroc: number;
}

/**
 * How sure `net`, a classifier, is of images half of which are one class and half another, beside images as they are;
 * batches are disposed here.
 *
 * A net that knows what it does not know has a small margin and a large entropy there.
 */
export async function ambiguityScores(
  net: Classifier,
  data: AsyncIterable<Batch>,
  mixtures: AsyncIterable<Batch>,
): Promise<AmbiguityScores> {
  const [clean, mixed] = [nothing(), nothing()];
  for await (using batch of data) look(net, batch.images, clean);
  for await (using batch of mixtures) look(net, batch.images, mixed);
  if (clean.margin.length === 0 || mixed.margin.length === 0)
    throw new UsageError('Ambiguity: expected images and mixtures, received none of one.');
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    images: clean.margin.length,
    mixtures: mixed.margin.length,
    margin: { clean: mean(clean.margin), mixed: mean(mixed.margin) },
    entropy: { clean: mean(clean.entropy), mixed: mean(mixed.entropy) },
    auroc: separation(mixed.entropy, clean.entropy),
  };
}
