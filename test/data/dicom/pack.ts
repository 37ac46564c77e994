// DICOM with packed pixels, for tests, by the encoders of dcmjs-codecs.

import dcmjsCodecs from 'dcmjs-codecs';
import { dicomBytes, pixelBytes, syntaxes } from './write.ts';

type Packed = '.4.50' | '.4.70' | '.4.80' | '.4.90' | '.4.201';

/** A square grey image of `side` × `side`, packed alone. */
export async function packedPixels(
  syntax: Packed,
  side: number,
  values: readonly number[],
  bits: 8 | 16,
): Promise<Uint8Array[]> {
  const { NativeCodecs, Context, log } = dcmjsCodecs;
  log.setLevel('silent');
  if (!NativeCodecs.isInitialized()) await NativeCodecs.initializeAsync();
  const context = new Context({
    ...{ width: side, height: side, bitsAllocated: bits, bitsStored: bits, samplesPerPixel: 1 },
    ...{ pixelRepresentation: 0, planarConfiguration: 0, photometricInterpretation: 'MONOCHROME2' },
    decodedBuffer: pixelBytes(values, bits),
  });
  const encoded = {
    '.4.50': () => NativeCodecs.encodeJpeg(context, { lossy: true, quality: 100 }),
    '.4.70': () => NativeCodecs.encodeJpeg(context, { lossy: false, predictor: 1, pointTransform: 0 }),
    '.4.80': () => NativeCodecs.encodeJpegLs(context),
    '.4.90': () => NativeCodecs.encodeJpeg2000(context),
    '.4.201': () => NativeCodecs.encodeHtJpeg2000(context),
  }[syntax]();
  return [encoded.getEncodedBuffer() as Uint8Array];
}

/** The same as a file; 8 bits for JPEG baseline, else 16. */
export async function packedDicom(syntax: Packed, side: number, values: readonly number[]): Promise<Buffer> {
  const bits = syntax === '.4.50' ? 8 : 16;
  const pixels = await packedPixels(syntax, side, values, bits);
  return dicomBytes({ syntax: `${syntaxes.implicit}${syntax}`, rows: side, columns: side, bits, pixels });
}
