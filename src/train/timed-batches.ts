// Which images are attacked where time decides.

import { setImmediate as macrotask } from 'node:timers/promises';
import { batches } from '../data/batches.ts';
import type { Batch, Dataset } from '../data/dataset.ts';

export interface TimedOptions {
  /** At most so many images a batch. */
  readonly size: number;
  /** For what is done with the batches. */
  readonly seconds: number;
  readonly signal?: AbortSignal | undefined;
  /** Seconds since some time; by default a clock. */
  readonly now?: () => number;
}

/** The first batches only tell what images cost: they grow to full size by this factor. */
const GROWTH = 4;

interface Done {
  readonly images: number;
  readonly seconds: number;
}

/** How many images a batch that takes `seconds` may have, by those before it: what a batch costs, and each image of it. */
function affordable(seconds: number, batches: readonly Done[]): number {
  const mean = (of: (batch: Done) => number) =>
    batches.reduce((sum, batch) => sum + of(batch), 0) / batches.length;
  const [images, took] = [mean((batch) => batch.images), mean((batch) => batch.seconds)];
  const spread = mean((batch) => (batch.images - images) ** 2);
  const together = mean((batch) => (batch.images - images) * (batch.seconds - took));
  // The line of least squares that neither falls nor begins below 0; of one size, all is the images'.
  const perImage = Math.min(spread > 0 ? Math.max(0, together / spread) : took / images, took / images);
  const perBatch = took - perImage * images;
  if (perImage === 0) return seconds >= perBatch ? Number.POSITIVE_INFINITY : 0;
  return Math.max(0, Math.floor((seconds - perBatch) / perImage));
}

/**
 * The first images of `dataset`, in its order, as many as whoever iterates can work on in `seconds`; at least the first
 * batch of up to four. Whoever iterates disposes.
 *
 * Each batch is as large as the time left allows by the cost of those before it, so what is not foreseen is a mistake of
 * one estimate about one batch. A batch costs something by itself, however few images it has: a time that is hardly more
 * than that is not kept. Throws the reason of `signal` once it is aborted.
 */
export async function* timedBatches(dataset: Dataset, options: TimedOptions): AsyncGenerator<Batch> {
  const { size, seconds, signal, now = () => performance.now() / 1000 } = options;
  const started = now();
  const count = dataset.samples.length;
  const batchesDone: Done[] = [];
  let next = Math.min(GROWTH, size, count);
  for (let done = 0; done < count && next > 0; ) {
    const order = Array.from({ length: next }, (_, i) => done + i);
    const before = now();
    // What is decoded ahead might never be due.
    yield* batches(dataset, { size: next, order, prefetch: 0 });
    await macrotask();
    signal?.throwIfAborted();
    batchesDone.push({ images: next, seconds: now() - before });
    done += next;
    const left = seconds - (now() - started);
    // The first one may have been slow for reasons of its own: kernels, caches, files.
    const known = batchesDone.length > 1 ? batchesDone.slice(1) : batchesDone;
    next = Math.min(GROWTH * next, size, count - done, affordable(left, known));
  }
}
