import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';
import type { Batch, Dataset, Sample } from './dataset.ts';

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

/** A batch that is decoded but holds no tensor yet: what waits ahead belongs to nobody's tidy. */
interface DecodedBatch {
  readonly ids: readonly string[];
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
}

function checkSample(dataset: Dataset, { id, pixels, label }: Sample): void {
  const [height, width, channels] = dataset.imageShape;
  if (pixels.length !== height * width * channels) {
    throw new UsageError(
      `${dataset.name}: expected [${dataset.imageShape.join(', ')}] pixels in sample "${id}", received ${pixels.length} values. ` +
        'Correct read() of the dataset.',
    );
  }
  const labels = typeof label === 'number' ? undefined : label.length;
  const expected = dataset.task === 'segmentation' ? height * width : undefined;
  if (labels !== expected) {
    throw new UsageError(
      `${dataset.name}: expected ${expected === undefined ? 'a class index' : `${expected} labels`} ` +
        `in sample "${id}", received ${labels === undefined ? 'a class index' : `${labels} labels`}. ` +
        'Correct read() of the dataset.',
    );
  }
}

async function decodeBatch(dataset: Dataset, indices: readonly number[]): Promise<DecodedBatch> {
  // Not Promise.all: that would leave the others running after the first failure.
  const results = await Promise.allSettled(indices.map(async (index) => dataset.read(index)));
  const samples = results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    checkSample(dataset, result.value);
    return result.value;
  });
  const [height, width, channels] = dataset.imageShape;
  const pixels = new Float32Array(samples.length * height * width * channels);
  const labelLength = dataset.task === 'segmentation' ? height * width : 1;
  const labels = new Int32Array(samples.length * labelLength);
  for (const [i, sample] of samples.entries()) {
    pixels.set(sample.pixels, i * height * width * channels);
    if (typeof sample.label === 'number') labels[i] = sample.label;
    else labels.set(sample.label, i * labelLength);
  }
  return { ids: samples.map(({ id }) => id), pixels, labels };
}

function toBatch({ imageShape, task }: Dataset, { ids, pixels, labels }: DecodedBatch): Batch {
  const [height, width, channels] = imageShape;
  const images = tf.tensor4d(pixels, [ids.length, height, width, channels]);
  const labelShape = task === 'segmentation' ? [ids.length, height, width] : [ids.length];
  const labelTensor = tf.tensor(labels, labelShape, 'int32');
  return {
    ids,
    images,
    labels: labelTensor,
    [Symbol.dispose]() {
      images.dispose();
      labelTensor.dispose();
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
  const waiting: Promise<DecodedBatch>[] = [];
  let next = skip * size;
  const decodeAhead = () => {
    for (; waiting.length <= prefetch && next < order.length; next += size) {
      const decoding = decodeBatch(dataset, order.slice(next, next + size));
      // Its error is thrown to whoever awaits it; if nobody comes to, it must not end the process.
      decoding.catch(() => {});
      waiting.push(decoding);
    }
    return waiting.shift();
  };
  try {
    for (let due = decodeAhead(); due; due = decodeAhead()) yield toBatch(dataset, await due);
  } finally {
    await Promise.allSettled(waiting);
  }
}
