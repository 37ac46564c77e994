// The control of an attack: random noise that is as visible as what the attack does.

import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../data/dataset.ts';
import { UsageError } from '../errors.ts';
import type { Random } from '../random.ts';
import { type NamedImages, picturesOf, prepared, stacked } from './corruptions/corrupt.ts';
import { intervalOf } from './interval.ts';
import { imageScoreOf, type Metric } from './metric.ts';
import type { NoiseName } from './noises.ts';
import { ssim } from './ssim.ts';
import type { Classifier } from './target.ts';

/** Standard deviations looked at: more than 1 makes nothing but black and white of most pixels. */
const LARGEST = 2;
/** Halvings of the range of standard deviations: to 0.0001. */
const HALVINGS = 14;

/**
 * Images under noise whose structural similarity to the clean ones is `similarity`, by bisection of the standard
 * deviation of each image; a similarity that no noise reaches gives the largest, 2. The caller disposes `images`.
 */
export async function matchedNoise(
  noise: NoiseName,
  batch: NamedImages,
  similarity: number,
  random: Random,
): Promise<{ readonly images: tf.Tensor4D; readonly ssim: Float32Array; readonly deviations: number[] }> {
  const each = picturesOf(batch).map((picture, i) =>
    prepared(noise, picture, random.stream(`${noise}/${batch.ids[i]}`)),
  );
  const ranges = each.map(() => ({ low: 0, high: LARGEST }));
  const make = async (deviations: number[]) => {
    const pixels = await Promise.all(each.map((image, i) => image(deviations[i] as number)));
    return stacked(pixels, batch.images.shape);
  };
  for (let i = 0; i < HALVINGS; i++) {
    const middles = ranges.map(({ low, high }) => (low + high) / 2);
    const images = await make(middles);
    for (const [k, found] of ssim(batch.images, images).entries()) {
      const range = ranges[k] as (typeof ranges)[number];
      if (found > similarity) range.low = middles[k] as number;
      else range.high = middles[k] as number;
    }
    images.dispose();
  }
  const deviations = ranges.map(({ high }) => high);
  const images = similarity >= 1 ? batch.images.clone() : await make(deviations);
  return {
    images,
    ssim: ssim(batch.images, images),
    deviations: similarity >= 1 ? each.map(() => 0) : deviations,
  };
}

/** The metric under noise beside a robustness curve, point by point. */
export interface NoiseControl {
  readonly noise: NoiseName;
  readonly points: readonly {
    /** Of the point of the curve whose similarity this noise has. */
    readonly epsilon: number;
    readonly value: number;
    readonly low: number;
    readonly high: number;
    readonly ssim: number;
  }[];
}

export interface ControlOptions {
  readonly net: Classifier;
  readonly noise: NoiseName;
  /** A robustness curve: its epsilons and their mean similarities. */
  readonly points: readonly { readonly epsilon: number; readonly ssim: number }[];
  readonly metric: { readonly name: string; readonly metric: Metric };
  readonly random: Random;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The metric of `net` under noise of the same structural similarity as the points of a robustness curve, in one pass
 * over `data`; batches are disposed here.
 *
 * Throws `UsageError` for a metric without scores per image, and for data without images.
 *
 * The contrast of clean, noisy and adversarial images is that of Paschali et al. 2018, arXiv:1804.00504.
 */
export async function noiseControl(
  data: AsyncIterable<Batch>,
  options: ControlOptions,
): Promise<NoiseControl> {
  const { net, noise, points, metric, random } = options;
  const score = imageScoreOf(metric);
  const seen = points.map(() => ({ scores: [] as number[], ssim: [] as number[] }));
  let count = 0;
  for await (using batch of data) {
    count += batch.images.shape[0];
    for (const [i, { ssim: similarity }] of points.entries()) {
      const noisy = await matchedNoise(noise, batch, similarity, random);
      seen[i]?.scores.push(...tf.tidy(() => score(net.logits(noisy.images), batch.labels)));
      seen[i]?.ssim.push(...noisy.ssim);
      noisy.images.dispose();
    }
  }
  if (count === 0) throw new UsageError('Noise as a control: expected at least one image, received none.');
  return {
    noise,
    points: seen.map(({ scores, ssim: similar }, i) => ({
      epsilon: points[i]?.epsilon as number,
      value: mean(scores),
      ...intervalOf(scores),
      ssim: mean(similar),
    })),
  };
}
