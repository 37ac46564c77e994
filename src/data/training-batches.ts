// The batches of a training, made from plain data: in the main thread or in a worker, with the same result.

import { RunError, UsageError } from '../errors.ts';
import { createRandom } from '../random.ts';
import { type AugmentChoice, createAugmenter } from './augment.ts';
import { type DatasetChoice, openDataset } from './create.ts';
import type { Dataset } from './dataset.ts';
import { type DecodedBatch, readSamples, stackSamples } from './decoded-batch.ts';
import { cacheOnDisk, type DiskCache } from './disk-cache.ts';
import { type Window, windowed } from './intensity.ts';
import { subset } from './subset.ts';

/** What decides the pixels of a training, as plain data. */
export interface TrainingSource {
  readonly dataset: DatasetChoice;
  /** Of the training split, in its order. */
  readonly ids: readonly string[];
  readonly augment: readonly AugmentChoice[];
  /** Where decoded samples are kept. */
  readonly cache?: DiskCache;
  /** Of each channel. */
  readonly intensity?: readonly Window[];
  /** Of the run. */
  readonly seed: number;
}

/** One batch: its place in its epoch, and its samples by their indices in the training split. */
export interface BatchRequest {
  readonly epoch: number;
  readonly batch: number;
  readonly indices: readonly number[];
  /** How often each of them has been in the epoch before. */
  readonly earlier: readonly number[];
}

/** Opens the training split of a source. Throws `RunError` where an image of it is gone. */
export async function openTraining({
  dataset: choice,
  ids,
  intensity,
  cache,
}: TrainingSource): Promise<Dataset> {
  const opened = await openDataset(choice);
  const dataset = cache ? cacheOnDisk(opened, cache) : opened;
  const indexOf = new Map(dataset.samples.map(({ id }, index) => [id, index]));
  const indices = ids.map((id) => {
    const index = indexOf.get(id);
    if (index !== undefined) return index;
    throw new RunError(
      `${dataset.name}: the training image "${id}" is gone. Restore it, or start another run.`,
    );
  });
  return windowed(subset(dataset, indices), intensity);
}

/**
 * Decodes and augments, `atOnce` samples at a time. What is random in a sample depends on seed, epoch, id and how often it
 * has been in the epoch; what mixes samples, on seed, epoch and the place of the batch.
 */
export function batchMaker(
  train: Dataset,
  { augment, seed }: Pick<TrainingSource, 'augment' | 'seed'>,
  atOnce?: number,
): (request: BatchRequest) => Promise<DecodedBatch> {
  const augmenter = createAugmenter(augment, train.imageShape, train.task === 'segmentation');
  const random = createRandom(seed);
  return async ({ epoch, batch, indices, earlier }) => {
    const samples = await readSamples(train, indices, atOnce);
    if (augment.length === 0) return stackSamples(train, samples);
    const augmented = samples.map((sample, i) => {
      const again = earlier[i] ? `/${earlier[i]}` : '';
      return augmenter.augment(sample, random.stream(`augment/${epoch}/${sample.id}${again}`));
    });
    const stack = stackSamples(train, augmented);
    const mixed = augmenter.mix(stack, indices.length, random.stream(`mix/${epoch}/${batch}`));
    return mixed ? { ...stack, mixed } : stack;
  };
}

/** An error in words that reach another thread. */
export interface SentError {
  readonly kind: 'UsageError' | 'RunError' | 'Error';
  readonly message: string;
  readonly stack?: string;
}

export function packError(error: unknown): SentError {
  if (!(error instanceof Error)) return { kind: 'Error', message: String(error) };
  const kind = error instanceof UsageError ? 'UsageError' : error instanceof RunError ? 'RunError' : 'Error';
  return { kind, message: error.message, ...(error.stack !== undefined && { stack: error.stack }) };
}

export function unpackError({ kind, message, stack }: SentError): Error {
  const error = new { UsageError, RunError, Error }[kind](message);
  if (kind === 'Error' && stack !== undefined) error.stack = stack;
  return error;
}
