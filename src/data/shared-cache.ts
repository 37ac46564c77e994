import { type Dataset, placesOf, type Sample } from './dataset.ts';

/** Memory that several threads keep decoded samples in; plain data, to be sent to workers. */
export interface SharedMemory {
  /** One entry a sample that fits: 1 when it is there. */
  readonly present: Int32Array<SharedArrayBuffer>;
  readonly pixels: Float32Array<SharedArrayBuffer>;
  readonly labels: Int32Array<SharedArrayBuffer>;
}

function sizesOf(dataset: Dataset) {
  const [height, width, channels] = dataset.imageShape;
  return { values: height * width * channels, places: placesOf(dataset) };
}

/** Room for the first samples of `dataset`, as many as fit into `maxBytes` (default 1 GiB). The system gives it as it is used. */
export function sharedMemory(dataset: Dataset, maxBytes = 2 ** 30): SharedMemory {
  const { values, places } = sizesOf(dataset);
  const count = Math.min(dataset.samples.length, Math.floor(maxBytes / (4 * (values + places + 1))));
  const room = (length: number) => new SharedArrayBuffer(4 * count * length);
  return {
    present: new Int32Array(room(1)),
    pixels: new Float32Array(room(values)),
    labels: new Int32Array(room(places)),
  };
}

/**
 * Keeps decoded samples in `memory`, for all threads that do so; what does not fit is read anew each time. Two threads
 * that decode a sample at once write the same values. A sample shares its values with the memory; do not write to it.
 */
export function cacheInShared(dataset: Dataset, { present, pixels, labels }: SharedMemory): Dataset {
  const { values, places } = sizesOf(dataset);
  return {
    ...dataset,
    async read(index): Promise<Sample> {
      if (index >= present.length) return dataset.read(index);
      const kept = pixels.subarray(index * values, (index + 1) * values);
      const keptLabels = labels.subarray(index * places, (index + 1) * places);
      if (Atomics.load(present, index) === 1) {
        const { id } = dataset.samples[index] as Dataset['samples'][number];
        const label = dataset.task === 'classification' ? (keptLabels[0] as number) : keptLabels;
        return { id, pixels: kept, label };
      }
      const sample = await dataset.read(index);
      if (sample.pixels.length !== values) return sample;
      kept.set(sample.pixels);
      if (typeof sample.label === 'number') keptLabels[0] = sample.label;
      else keptLabels.set(sample.label);
      Atomics.store(present, index, 1);
      return sample;
    },
  };
}
