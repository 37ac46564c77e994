import { UsageError } from '../errors.ts';

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
// Signature, then length and name of the header chunk, then width and height.
const widthAt = 16;

/** Width and height in pixels, out of the header of a PNG file. Throws `UsageError` if `png` is no PNG. */
export function pngSize(png: Uint8Array): { width: number; height: number } {
  if (png.length < widthAt + 8 || signature.some((byte, i) => png[i] !== byte)) {
    throw new UsageError(
      `image summary: expected the bytes of a PNG file, received ${png.length} bytes of something else. Encode the image first, for instance with sharp.`,
    );
  }
  const header = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return { width: header.getUint32(widthAt), height: header.getUint32(widthAt + 4) };
}
