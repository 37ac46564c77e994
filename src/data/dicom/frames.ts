// The bytes of one frame: PS3.5, section A.4.

import dicomParser from 'dicom-parser';
import type { DicomImage } from './parse.ts';

/** Bits of a pixel in unpacked pixel data; YBR_FULL_422 shares the colours of two pixels. */
function bitsPerPixel({ samples, bitsAllocated, photometric }: DicomImage): number {
  return (photometric === 'YBR_FULL_422' ? 2 : samples) * bitsAllocated;
}

function plainFrame(image: DicomImage, frame: number): Uint8Array {
  const { data, pixels, frames, rows, columns } = image;
  const bits = rows * columns * bitsPerPixel(image);
  const missing = Math.ceil((bits * frames) / 8) - pixels.length;
  if (missing > 0) throw new Error(`the last ${missing} bytes of its pixels are missing`);
  const [start, end] = [Math.floor((bits * frame) / 8), Math.ceil((bits * (frame + 1)) / 8)];
  return data.byteArray.subarray(pixels.dataOffset + start, pixels.dataOffset + end);
}

function packedFrame({ data, pixels, frames }: DicomImage, frame: number): Uint8Array {
  const { basicOffsetTable = [], fragments = [] } = pixels;
  const some = (first: number, count: number) =>
    dicomParser.readEncapsulatedPixelDataFromFragments(data, pixels, first, count) as Uint8Array;
  if (fragments.length === 0) throw new Error('its pixels are missing');
  if (frames === 1) return some(0, fragments.length);
  if (fragments.length === frames) return some(frame, 1);
  const table =
    basicOffsetTable.length > 0 ? basicOffsetTable : dicomParser.createJPEGBasicOffsetTable(data, pixels);
  if (table.length !== frames) {
    throw new Error(`it tells of ${frames} frames, and holds ${table.length || fragments.length}`);
  }
  return dicomParser.readEncapsulatedImageFrame(data, pixels, frame, table) as Uint8Array;
}

/**
 * The bytes of frame `frame`, packed as the transfer syntax says; of single bits, which follow one another through all
 * frames (PS3.5, section 8.1.1), those that hold it. Missing bytes throw an `Error`.
 */
export function frameBytes(image: DicomImage, frame: number): Uint8Array {
  const { syntax, pixels, frames } = image;
  if (frame >= frames) throw new Error(`it has ${frames} frames, so there is no frame ${frame}`);
  if (syntax.packing === 'plain') {
    if (pixels.encapsulatedPixelData) throw new Error(`its pixels are packed, not ${syntax.name}`);
    return plainFrame(image, frame);
  }
  if (!pixels.encapsulatedPixelData) throw new Error(`its pixels are not packed as ${syntax.name}`);
  try {
    return packedFrame(image, frame);
  } catch (error) {
    if (error instanceof Error && !(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new Error(`its pixels are damaged`);
  }
}
