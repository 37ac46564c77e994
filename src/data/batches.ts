import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { type Batch, type Dataset, labelShape } from './dataset.ts';
import { type DecodedBatch, readSamples, stackSamples } from './decoded-batch.ts';

export interface BatchOptions {
  /** Samples a batch; the last one may have fewer. */
  readonly size: number;
  /** Sample indices in the order of reading; by default all, in theirs. */
  readonly order?: ArrayLike<number>;
  /** How many batches are decoded ahead of the one in use; default 2. */
  readonly prefetch?: number;
  /** How many batches are left out at the start, unread: an epoch goes on where it stopped. Default 0. */
  readonly skip?: number;
}

async function decodeBatch(dataset: Dataset, indices: readonly number[]): Promise<DecodedBatch> {
  return stackSamples(dataset, await readSamples(dataset, indices));
}

/** The tensors of a decoded batch. The caller disposes it. */
export function toBatch(dataset: Dataset, { ids, pixels, labels, mixed }: DecodedBatch): Batch {
  const [height, width, channels] = dataset.imageShape;
  const images = tf.tensor4d(pixels, [ids.length, height, width, channels]);
  const shape = [ids.length, ...labelShape(dataset)];
  const labelTensor = tf.tensor(labels, shape, 'int32');
  const others = mixed && { share: mixed.share, labels: tf.tensor(mixed.labels, shape, 'int32') };
  return {
    ids,
    images,
    labels: labelTensor,
    ...(others && { mixed: others }),
    [Symbol.dispose]() {
      images.dispose();
      labelTensor.dispose();
      others?.labels.dispose();
    },
  };
}

/**
 * Reads a dataset batch by batch: `for await (using batch of batches(train, { size: 32, order }))`.
 *
 * The samples of a batch, and `prefetch` further batches, are decoded at once; batches come in order
 * all the same. A sample that cannot be read throws when its batch is due. Leaving the loop early
 * waits for what is being decoded. The caller disposes each batch.
 */
export async function* batches(
  dataset: Dataset,
  options: BatchOptions,
): AsyncGenerator<Batch, void, undefined> {
  const { size, prefetch = 2, skip = 0 } = options;
  const whole = (value: number, least: number) => Number.isInteger(value) && value >= least;
  requireOption('batches', 'size', whole(size, 1), 'a whole number of at least 1', size);
  requireOption('batches', 'prefetch', whole(prefetch, 0), 'a whole number of at least 0', prefetch);
  requireOption('batches', 'skip', whole(skip, 0), 'a whole number of at least 0', skip);
  const order = Array.from(options.order ?? dataset.samples.keys());
  const decode = (batch: number) => decodeBatch(dataset, order.slice(batch * size, (batch + 1) * size));
  const count = Math.ceil(order.length / size);
  for await (const decoded of ahead(decode, { from: skip, count, prefetch })) yield toBatch(dataset, decoded);
}

/**
 * What `make` gives for `from` … `count` − 1, in their order, with `prefetch` more under way than the one in use. An error
 * is thrown when its turn comes; leaving early waits for what is under way.
 */
export async function* ahead<T>(
  make: (index: number) => Promise<T>,
  { from, count, prefetch }: { readonly from: number; readonly count: number; readonly prefetch: number },
): AsyncGenerator<T, void, undefined> {
  const waiting: Promise<T>[] = [];
  let next = from;
  const begin = (most: number) => {
    for (; waiting.length < most && next < count; next++) {
      const making = make(next);
      // Its error is thrown to whoever awaits it; if nobody comes to, it must not end the process.
      making.catch(() => {});
      waiting.push(making);
    }
  };
  begin(1);
  // What takes no time but this thread's, such as drawing, shall not hold up the first.
  const further = setImmediate(() => begin(prefetch));
  try {
    for (let due = waiting.shift(); due; due = waiting.shift()) {
      yield await due;
      begin(prefetch + 1);
    }
  } finally {
    clearImmediate(further);
    await Promise.allSettled(waiting);
  }
}
