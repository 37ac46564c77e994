import { availableParallelism } from 'node:os';
import { ahead, toBatch } from './batches.ts';
import type { Batch, Dataset } from './dataset.ts';
import type { DecodedBatch } from './decoded-batch.ts';
import { openPool } from './loader-pool.ts';
import { sharedMemory } from './shared-cache.ts';
import { type BatchRequest, batchMaker, type TrainingSource } from './training-batches.ts';

/** The batches of a training: the same ones, whatever the number of workers. */
export interface Loader {
  /** The batches of an epoch, from number `skip` on. The caller disposes each. */
  epoch(
    epoch: number,
    options: { size: number; order: ArrayLike<number>; skip: number },
  ): AsyncIterable<Batch>;
  /** Begins the first batches of an epoch to come, where workers are free to. */
  prepare(epoch: number, options: { size: number; order: ArrayLike<number> }): void;
  /** Ends the workers. */
  close(): Promise<void>;
}

/**
 * How many workers load, where nobody says: half of the processors and at most four where images are augmented, and none
 * where they are only decoded, which sharp does in threads of its own.
 */
export function defaultWorkers({ augment }: Pick<TrainingSource, 'augment'>): number {
  return augment.length === 0 ? 0 : Math.min(4, Math.max(1, Math.floor(availableParallelism() / 2)));
}

/** How often each number of a list stands before it. */
function earlierOf(list: readonly number[]): number[] {
  const counts = new Map<number, number>();
  return list.map((value) => {
    const count = counts.get(value) ?? 0;
    counts.set(value, count + 1);
    return count;
  });
}

/**
 * Opens the batches of `train`, which is what `source` describes.
 *
 * With `workers` at 0 they are made in this thread. Otherwise workers open `source` for themselves, and share up to 1 GiB
 * of decoded images; until they have, a batch that is due is made in this thread too, and the first of the two is taken.
 * As many batches as there are workers, and two more, are made ahead of the one in use. A file that cannot be read throws
 * when its batch is due.
 */
export function openLoader(train: Dataset, source: TrainingSource, workers = defaultWorkers(source)): Loader {
  const pool = workers > 0 ? openPool(workers, { source, memory: sharedMemory(train) }) : undefined;
  const makeHere = batchMaker(train, source);
  const make = pool?.make ?? makeHere;
  const prefetch = workers + 2;
  const begun = new Map<string, Promise<DecodedBatch>>();
  const requests = (epoch: number, { size, order }: { size: number; order: ArrayLike<number> }) => {
    const all = Array.from(order);
    const before = earlierOf(all);
    return (batch: number): BatchRequest => {
      const [start, end] = [batch * size, (batch + 1) * size];
      return { epoch, batch, indices: all.slice(start, end), earlier: before.slice(start, end) };
    };
  };
  return {
    async *epoch(epoch, { size, order, skip }) {
      const request = requests(epoch, { size, order });
      const decode = async (batch: number) => {
        const key = `${epoch}/${batch}`;
        const making = begun.get(key) ?? make(request(batch));
        begun.delete(key);
        if (!pool) await making;
        // Its error is thrown to whoever awaits it.
        making.catch(() => {});
        // Only when it is due is it known whether the workers have opened the data.
        return () => (!pool || pool.ready() ? making : Promise.race([making, makeHere(request(batch))]));
      };
      const count = Math.ceil(order.length / size);
      for await (const batch of ahead(decode, { from: skip, count, prefetch }))
        yield toBatch(train, await batch());
    },
    prepare(epoch, { size, order }) {
      if (!pool) return;
      const request = requests(epoch, { size, order });
      const count = Math.min(prefetch, Math.ceil(order.length / size));
      for (let batch = 0; batch < count; batch++) {
        const making = make(request(batch));
        // Its error is thrown to whoever awaits it.
        making.catch(() => {});
        begun.set(`${epoch}/${batch}`, making);
      }
    },
    async close() {
      await pool?.close();
    },
  };
}
