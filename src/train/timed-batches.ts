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

/** The first batches only tell what an image costs: they grow to full size by this factor. */
const GROWTH = 4;

/**
 * The first images of `dataset`, in its order, as many as whoever iterates can work on in `seconds`; at least the first
 * batch of up to four. Whoever iterates disposes.
 *
 * Each batch is as large as the time left allows by the cost of those before it, so what is not foreseen is a mistake of
 * one estimate about one batch. Throws the reason of `signal` once it is aborted.
 */
export async function* timedBatches(dataset: Dataset, options: TimedOptions): AsyncGenerator<Batch> {
  const { size, seconds, signal, now = () => performance.now() / 1000 } = options;
  const started = now();
  const count = dataset.samples.length;
  let next = Math.min(GROWTH, size, count);
  for (let done = 0; done < count && next > 0; ) {
    const order = Array.from({ length: next }, (_, i) => done + i);
    const before = now();
    // What is decoded ahead might never be due.
    yield* batches(dataset, { size: next, order, prefetch: 0 });
    await macrotask();
    signal?.throwIfAborted();
    const cost = (now() - before) / next;
    done += next;
    const affordable = Math.floor((seconds - (now() - started)) / cost);
    next = Math.min(GROWTH * next, size, count - done, Math.max(0, affordable));
  }
}
