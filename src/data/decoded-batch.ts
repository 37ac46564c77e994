import { UsageError } from '../errors.ts';
import type { MixedLabels } from './augmentations/augmentation.ts';
import { type Dataset, placesOf, type Sample } from './dataset.ts';

/** A batch that is decoded but holds no tensor yet: what waits ahead belongs to nobody's tidy. */
export interface DecodedBatch {
  readonly ids: readonly string[];
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
  readonly mixed?: MixedLabels;
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
  const expected = dataset.task === 'classification' ? undefined : placesOf(dataset);
  if (labels !== expected) {
    throw new UsageError(
      `${dataset.name}: expected ${expected === undefined ? 'a class index' : `${expected} labels`} ` +
        `in sample "${id}", received ${labels === undefined ? 'a class index' : `${labels} labels`}. ` +
        'Correct read() of the dataset.',
    );
  }
}

/**
 * Reads samples, `atOnce` at a time, in whatever order they come; gives them in the order of `indices`. Of several that
 * cannot be read the first in that order is thrown, when nothing runs any more.
 */
export async function readSamples(
  dataset: Dataset,
  indices: readonly number[],
  atOnce = indices.length,
): Promise<Sample[]> {
  const samples: Sample[] = Array(indices.length);
  const errors = new Map<number, unknown>();
  let next = 0;
  const run = async () => {
    while (next < indices.length && errors.size === 0) {
      const place = next++;
      try {
        const sample = await dataset.read(indices[place] as number);
        checkSample(dataset, sample);
        samples[place] = sample;
      } catch (error) {
        errors.set(place, error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, indices.length) }, run));
  if (errors.size > 0) throw errors.get(Math.min(...errors.keys()));
  return samples;
}

/** Samples of `dataset` side by side. */
export function stackSamples(dataset: Dataset, samples: readonly Sample[]): DecodedBatch {
  const [height, width, channels] = dataset.imageShape;
  const size = height * width * channels;
  const places = placesOf(dataset);
  const pixels = new Float32Array(samples.length * size);
  const labels = new Int32Array(samples.length * places);
  for (const [i, sample] of samples.entries()) {
    pixels.set(sample.pixels, i * size);
    if (typeof sample.label === 'number') labels[i] = sample.label;
    else labels.set(sample.label, i * places);
  }
  return { ids: samples.map(({ id }) => id), pixels, labels };
}
