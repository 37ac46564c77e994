// The size that packed pixels tell of themselves, read from their first marker segments.

import type { Packing } from './transfer-syntax.ts';

export interface PackedSize {
  readonly height: number;
  readonly width: number;
  readonly samples: number;
  /** Bits of a sample. */
  readonly bits: number;
  /** Samples lie in planes of their own: JPEG-LS, interleave mode none. */
  readonly planar: boolean;
  /** A JPEG that is Y Cb Cr where it has three samples, by its JFIF marker. Of RGB, Adobe's marker tells instead. */
  readonly jfif: boolean;
}

/** The first segment whose marker `accepts` takes; `at` is its byte after marker and length. */
function findSegment(
  view: DataView,
  accepts: (marker: number, content: (i: number) => number | undefined) => boolean,
): number | undefined {
  let at = 2;
  const content = (i: number) => (at + 4 + i < view.byteLength ? view.getUint8(at + 4 + i) : undefined);
  while (at + 4 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) at += 1;
    else if (accepts(marker, content)) return at + 4;
    else at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** SOF0 to SOF15 without DHT, JPG and DAC: ISO/IEC 10918-1, table B.1; SOF55 of JPEG-LS. */
function isFrameHeader(marker: number): boolean {
  return marker === 0xf7 || (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker));
}

function jpegSize(view: DataView): PackedSize | undefined {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return undefined;
  const at = findSegment(view, isFrameHeader);
  if (at === undefined || at + 6 > view.byteLength) return undefined;
  const samples = view.getUint8(at + 5);
  // The mode stands in the first scan, behind its components and NEAR: ISO/IEC 14495-1, C.2.3.
  const scan = findSegment(view, (marker) => marker === 0xda);
  const mode = scan === undefined ? 0 : scan + 2 + 2 * view.getUint8(scan);
  const has = (wanted: number, name: string) =>
    findSegment(
      view,
      (marker, content) => marker === wanted && [...name].every((c, i) => c.charCodeAt(0) === content(i)),
    ) !== undefined;
  return {
    height: view.getUint16(at + 1),
    width: view.getUint16(at + 3),
    samples,
    bits: view.getUint8(at),
    jfif: has(0xe0, 'JFIF\0') && !has(0xee, 'Adobe'),
    planar:
      view.getUint8(at - 3) === 0xf7 && samples > 1 && mode < view.byteLength && view.getUint8(mode) === 0,
  };
}

/** SIZ, the first segment of a codestream: ISO/IEC 15444-1, A.5.1; after the boxes of a JP2 file, if there are any. */
function jpeg2000Size(view: DataView): PackedSize | undefined {
  let start = 0;
  if (view.byteLength >= 12 && view.getUint32(4) === 0x6a502020) {
    for (let at = 0; at + 8 <= view.byteLength; ) {
      const length = view.getUint32(at);
      if (view.getUint32(at + 4) === 0x6a703263) {
        start = at + 8;
        break;
      }
      if (length < 8) return undefined;
      at += length;
    }
  }
  if (start + 43 > view.byteLength || view.getUint32(start) !== 0xff4fff51) return undefined;
  const uint32 = (offset: number) => view.getUint32(start + offset);
  return {
    width: uint32(8) - uint32(16),
    height: uint32(12) - uint32(20),
    samples: view.getUint16(start + 40),
    bits: (view.getUint8(start + 42) & 0x7f) + 1,
    planar: false,
    jfif: false,
  };
}

/** The size in the header of packed pixels; undefined where they are not of this kind. */
export function packedSize(packing: Packing, bytes: Uint8Array): PackedSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return packing === 'jpeg' || packing === 'jpegLs' ? jpegSize(view) : jpeg2000Size(view);
}
