import type { Dataset, Sample } from './dataset.ts';

function bytesOf({ pixels, label }: Sample): number {
  return pixels.byteLength + (typeof label === 'number' ? 0 : label.byteLength);
}

/**
 * Keeps decoded samples in memory, up to `maxBytes` (default 1 GiB); what does not fit is read anew each time.
 *
 * Nothing is evicted: an epoch visits every sample once, so the first to come are as good as any. A
 * sample read again is the same object; do not write to it.
 */
export function cacheInMemory(dataset: Dataset, maxBytes = 2 ** 30): Dataset {
  const held = new Map<number, Sample>();
  let bytes = 0;
  return {
    ...dataset,
    async read(index) {
      const known = held.get(index);
      if (known) return known;
      const sample = await dataset.read(index);
      const size = bytesOf(sample);
      if (!held.has(index) && bytes + size <= maxBytes) {
        held.set(index, sample);
        bytes += size;
      }
      return sample;
    },
  };
}
