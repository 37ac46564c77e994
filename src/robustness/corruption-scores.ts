// A metric under corruptions that nobody chose to hurt: noise, artefacts of scanners, bad pictures.

import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../data/dataset.ts';
import { UsageError } from '../errors.ts';
import type { Random } from '../random.ts';
import { type CorruptionName, corrupt, SEVERITIES } from './corruptions/corrupt.ts';
import { intervalOf } from './interval.ts';
import { type ImageScore, imageScoreOf, type Metric } from './metric.ts';
import { ssim } from './ssim.ts';
import type { Classifier } from './target.ts';

export interface CorruptionPoint {
  readonly corruption: CorruptionName;
  /** 1 to 5. */
  readonly severity: number;
  readonly value: number;
  /** The 95 % interval of `value`, for the draw of the images. */
  readonly low: number;
  readonly high: number;
  /** Mean structural similarity of the corrupted images to the clean ones. */
  readonly ssim: number;
}

/** Plain data, written to disk as it is. */
export interface CorruptionScores {
  readonly metric: string;
  readonly images: number;
  readonly clean: number;
  /** Of all kinds and severities alike. */
  readonly mean: number;
  readonly points: readonly CorruptionPoint[];
  readonly seconds: number;
}

export interface CorruptionOptions {
  readonly net: Classifier;
  readonly corruptions: readonly CorruptionName[];
  /** A metric with scores per image. */
  readonly metric: { readonly name: string; readonly metric: Metric };
  readonly random: Random;
}

interface Seen {
  readonly scores: number[];
  readonly ssim: number[];
}

async function add(
  seen: ReadonlyMap<string, readonly Seen[]>,
  batch: Batch,
  { net, corruptions, random }: CorruptionOptions,
  score: ImageScore,
): Promise<void> {
  for (const name of corruptions) {
    for await (const { severity, images } of corrupt(name, batch, random)) {
      const into = seen.get(name)?.[severity - 1] as Seen;
      into.scores.push(...tf.tidy(() => score(net.logits(images), batch.labels)));
      into.ssim.push(...ssim(batch.images, images));
      images.dispose();
    }
  }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The metric of `net` under each corruption at severities 1 to 5, in one pass over `data`; batches are disposed here.
 *
 * What is random in an image depends on its id and `random` alone, so the scores do not depend on the size of batches.
 * Throws `UsageError` for a metric without scores per image, and for data without images.
 */
export async function corruptionScores(
  data: AsyncIterable<Batch>,
  options: CorruptionOptions,
): Promise<CorruptionScores> {
  const started = performance.now();
  const { net, metric } = options;
  const corruptions = [...new Set(options.corruptions)];
  const score = imageScoreOf(metric);
  const nothing = (): Seen => ({ scores: [], ssim: [] });
  const seen = new Map(corruptions.map((name) => [name, SEVERITIES.map(nothing)]));
  const clean: number[] = [];
  for await (using batch of data) {
    clean.push(...tf.tidy(() => score(net.logits(batch.images), batch.labels)));
    await add(seen, batch, { ...options, corruptions }, score);
  }
  if (clean.length === 0) throw new UsageError('Corruptions: expected at least one image, received none.');
  const points = [...seen].flatMap(([corruption, severities]) =>
    severities.map(({ scores, ssim: similar }, i) => ({
      corruption,
      severity: i + 1,
      value: mean(scores),
      ...intervalOf(scores),
      ssim: mean(similar),
    })),
  );
  return {
    metric: metric.name,
    images: clean.length,
    clean: mean(clean),
    mean: mean(points.map(({ value }) => value)),
    points,
    seconds: (performance.now() - started) / 1000,
  };
}
