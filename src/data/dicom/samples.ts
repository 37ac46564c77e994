// From the bytes of a frame to numbers, one or three a pixel.

import { decodeNumbers, type NumberArray } from '../numbers.ts';
import { unpack } from './codecs.ts';
import { toRgb } from './colours.ts';
import { frameBytes } from './frames.ts';
import type { DicomImage } from './parse.ts';
import { unpackRle } from './rle.ts';

/** `count` single bits from `first` on, the lowest first. */
function decodeBits(bytes: Uint8Array, first: number, count: number): Uint8Array {
  const bit = (i: number) => ((bytes[i >> 3] as number) >> (i & 7)) & 1;
  return Uint8Array.from({ length: count }, (_, i) => bit(first + i));
}

/** Cb and Cr of a pair of pixels, given to both: Y Y Cb Cr becomes Y Cb Cr, Y Cb Cr. */
function shareColours(pairs: NumberArray): NumberArray {
  const full = pairs.slice(0, 0).constructor as new (length: number) => NumberArray;
  const values = new full((pairs.length / 2) * 3);
  for (let i = 0, o = 0; i < pairs.length; i += 4) {
    for (const luma of [0, 1]) {
      values[o++] = pairs[i + luma] as number;
      values[o++] = pairs[i + 2] as number;
      values[o++] = pairs[i + 3] as number;
    }
  }
  return values;
}

function interleave(planes: NumberArray): NumberArray {
  const values = planes.slice();
  const count = planes.length / 3;
  for (let i = 0; i < count; i++) {
    for (let sample = 0; sample < 3; sample++) values[3 * i + sample] = planes[sample * count + i] as number;
  }
  return values;
}

/** Bits beyond those stored may hold anything, such as an overlay. */
function keepStoredBits(values: NumberArray, { bitsAllocated, bitsStored, signed }: DicomImage): void {
  if (bitsStored >= bitsAllocated) return;
  const unused = 32 - bitsStored;
  for (let i = 0; i < values.length; i++) {
    const shifted = (values[i] as number) << unused;
    values[i] = signed ? shifted >> unused : shifted >>> unused;
  }
}

/**
 * The stored samples of a frame, interleaved where there are three, in their colour space: without
 * rescale, palette or window. Throws an `Error` where the pixels are damaged.
 */
export async function frameSamples(image: DicomImage, frame: number): Promise<NumberArray> {
  const { syntax, rows, columns, samples, bitsAllocated, signed, photometric } = image;
  const bytes = frameBytes(image, frame);
  const count = rows * columns * samples;
  if (bitsAllocated === 1) {
    if (syntax.packing !== 'plain') throw new Error(`single bits packed as ${syntax.name} cannot be read`);
    return decodeBits(bytes, (frame * count) % 8, count);
  }
  const { packing } = syntax;
  const unpacked = packing !== 'plain' && packing !== 'rle' && (await unpack(image, bytes, packing));
  if (unpacked) {
    const type = `${signed ? 'int' : 'uint'}${unpacked.bits}` as const;
    const values = decodeNumbers(unpacked.bytes, 0, count, type, true);
    keepStoredBits(values, { ...image, bitsAllocated: unpacked.bits });
    const interleaved = unpacked.planar ? interleave(values) : values;
    const mislabelled = unpacked.jfif && photometric === 'RGB';
    return mislabelled ? toRgb(interleaved, { ...image, photometric: 'YBR_FULL' }) : interleaved;
  }
  const plain = packing === 'rle' ? unpackRle(image, bytes) : bytes;
  const type = `${signed ? 'int' : 'uint'}${bitsAllocated}` as const;
  if (syntax.packing === 'plain' && photometric === 'YBR_FULL_422') {
    return shareColours(decodeNumbers(plain, 0, (count / 3) * 2, type, !syntax.bigEndian));
  }
  const values = decodeNumbers(plain, 0, count, type, !syntax.bigEndian);
  keepStoredBits(values, image);
  return image.planar && syntax.packing === 'plain' ? interleave(values) : values;
}
