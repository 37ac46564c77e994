// Packed pixels, by the codecs of dcmjs-codecs: libjpeg in 8, 12 and 16 bits, CharLS, OpenJPEG and OpenJPH as WebAssembly.

import { messageOf } from '../../errors.ts';
import { type PackedSize, packedSize } from './packed-size.ts';
import type { DicomImage } from './parse.ts';
import type { Packing } from './transfer-syntax.ts';

type Codecs = typeof import('dcmjs-codecs');

let loading: Promise<Codecs> | undefined;

/** Loads the codecs when a file first needs them. */
async function loadCodecs(): Promise<Codecs> {
  const { default: codecs } = (await import('dcmjs-codecs')) as unknown as { default: Codecs };
  codecs.log.setLevel('silent');
  await codecs.NativeCodecs.initializeAsync();
  return codecs;
}

const decoders = {
  jpeg: 'decodeJpeg',
  jpegLs: 'decodeJpegLs',
  jpeg2000: 'decodeJpeg2000',
  htJpeg2000: 'decodeHtJpeg2000',
} as const;

/** Throws where packed bytes are not whole, or not of the image's size: a codec takes as much memory as they say. */
function checkPacked(image: DicomImage, bytes: Uint8Array): PackedSize {
  const { syntax, rows, columns, samples, bitsAllocated } = image;
  const size = packedSize(syntax.packing, bytes);
  if (size === undefined) throw new Error(`its pixels are not ${syntax.name}`);
  // Codecs fill what is cut off with grey. A byte of padding may follow the mark of the end.
  if (!Buffer.from(bytes.subarray(-16)).includes('\xff\xd9', 0, 'latin1')) {
    throw new Error('its pixels lack their end, as if they were cut short');
  }
  if (size.bits > bitsAllocated) {
    throw new Error(`its pixels are of ${size.bits} bits, its header says ${bitsAllocated}`);
  }
  if (size.height === rows && size.width === columns && size.samples === samples) return size;
  throw new Error(
    `its pixels are ${size.height} × ${size.width} × ${size.samples}, its header says ${rows} × ${columns} × ${samples}`,
  );
}

/** Samples of `bits` as plain bytes, little-endian; interleaved unless they are `planar`. */
export interface Unpacked extends Pick<PackedSize, 'planar' | 'jfif'> {
  readonly bytes: Uint8Array;
  readonly bits: 8 | 16 | 32;
}

/** The samples of a packed frame. Damaged ones throw an `Error`. */
export async function unpack(
  image: DicomImage,
  bytes: Uint8Array,
  packing: Exclude<Packing, 'plain' | 'rle'>,
): Promise<Unpacked> {
  const { syntax, rows, columns, samples, bitsStored, signed, photometric } = image;
  const { bits, planar, jfif } = checkPacked(image, bytes);
  // Codecs give as many bytes as the packed samples need, whatever the header says.
  const bitsAllocated = bits > 16 ? 32 : bits > 8 ? 16 : 8;
  loading ??= loadCodecs();
  let codecs = await loading;
  // Whoever else waited may have failed in the meantime, and released them.
  while (!codecs.NativeCodecs.isInitialized()) {
    loading ??= loadCodecs();
    codecs = await loading;
  }
  const { NativeCodecs, Context } = codecs;
  const context = new Context({
    width: columns,
    height: rows,
    bitsAllocated,
    bitsStored: Math.min(bitsStored, bitsAllocated),
    samplesPerPixel: samples,
    pixelRepresentation: signed ? 1 : 0,
    planarConfiguration: 0,
    photometricInterpretation: photometric,
    encodedBuffer: bytes,
  });
  let unpacked: Uint8Array | undefined;
  try {
    unpacked = NativeCodecs[decoders[packing]](context).getDecodedBuffer();
  } catch (error) {
    // What a failure leaves of the module is not known.
    NativeCodecs.release();
    loading = undefined;
    throw new Error(`its pixels cannot be unpacked as ${syntax.name} (${shorten(error)})`);
  }
  const expected = (rows * columns * samples * bitsAllocated) / 8;
  if (unpacked?.length === expected) return { bytes: unpacked, bits: bitsAllocated, planar, jfif };
  throw new Error(`its pixels unpack to ${unpacked?.length ?? 0} bytes, expected ${expected}`);
}

function shorten(error: unknown): string {
  // A trap of the WebAssembly says where it fell, not why.
  if (error instanceof Error && error.name === 'RuntimeError') return 'the codec gave up';
  return messageOf(error).replaceAll(/\s+/g, ' ').slice(0, 120) || 'no reason given';
}
