// What runs in a worker: batches, one after the other, in the order in which they are asked for.

import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { cacheInShared, type SharedMemory } from './shared-cache.ts';
import type { BatchRequest, TrainingSource } from './training-batches.ts';
import { batchMaker, openTraining, packError } from './training-batches.ts';

export interface WorkerTask {
  readonly source: TrainingSource;
  readonly memory: SharedMemory;
}

/** While one sample is augmented, the next is decoded. */
const AT_ONCE = 2;

const { source, memory } = workerData as WorkerTask;
// As many workers as there is to gain from: none shall spread over further cores.
sharp.concurrency(1);

const making = openTraining(source).then((train) =>
  batchMaker(cacheInShared(train, memory), source, AT_ONCE),
);
const ready = () => parentPort?.postMessage('ready');
// An error is thrown to each that asks.
making.then(ready, ready);

async function answer(request: BatchRequest & { readonly key: number }): Promise<void> {
  const { key } = request;
  try {
    const batch = await (await making)(request);
    const buffers = [
      batch.pixels.buffer,
      batch.labels.buffer,
      ...(batch.mixed ? [batch.mixed.labels.buffer] : []),
    ];
    parentPort?.postMessage({ key, batch }, buffers as ArrayBuffer[]);
  } catch (error) {
    parentPort?.postMessage({ key, error: packError(error) });
  }
}

let last: Promise<void> = Promise.resolve();
parentPort?.on('message', (message: 'close' | (BatchRequest & { readonly key: number })) => {
  last = message === 'close' ? last.then(() => parentPort?.close()) : last.then(() => answer(message));
});
