import type { DicomImage } from './parse.ts';

/** One byte of every pixel, run by run, into every `stride`-th byte of `into` from `first` on. */
function unpackSegment(segment: Uint8Array, into: Uint8Array, first: number, stride: number): void {
  let from = 0;
  let to = first;
  while (to < into.length) {
    const length = segment[from++];
    if (length === undefined) throw new Error('its RLE segments are cut short');
    if (length === 128) continue;
    const literal = length < 128;
    const count = literal ? length + 1 : 257 - length;
    if (from + (literal ? count : 1) > segment.length) throw new Error('its RLE segments are cut short');
    for (let i = 0; i < count && to < into.length; i++, to += stride) {
      into[to] = segment[literal ? from + i : from] as number;
    }
    from += literal ? count : 1;
  }
}

/**
 * Run lengths, PS3.5, annex G: a segment for each byte of each sample, the highest byte first. Gives samples
 * interleaved, little-endian. Not by dcmjs-codecs, which takes damaged segments without a word.
 */
export function unpackRle(
  { rows, columns, samples, bitsAllocated }: DicomImage,
  bytes: Uint8Array,
): Uint8Array {
  const width = bitsAllocated / 8;
  const segments = samples * width;
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 64 || header.getUint32(0, true) !== segments) {
    throw new Error(`its pixels are not ${segments} RLE segments`);
  }
  const starts = Array.from({ length: segments }, (_, i) => header.getUint32(4 + 4 * i, true));
  const unpacked = new Uint8Array(rows * columns * segments);
  for (const [i, start] of starts.entries()) {
    const end = starts[i + 1] ?? bytes.length;
    if (start < 64 || end < start || end > bytes.length) throw new Error('its RLE segments are damaged');
    const [sample, byte] = [Math.floor(i / width), width - 1 - (i % width)];
    unpackSegment(bytes.subarray(start, end), unpacked, sample * width + byte, segments);
  }
  return unpacked;
}
