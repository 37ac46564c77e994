// PNG, JPEG, TIFF, WebP and GIF, by sharp.

import sharp, { type Metadata, type Sharp } from 'sharp';
import { messageOf, RunError, UsageError } from '../errors.ts';
import { readBytes } from './bytes.ts';
import { plainJpegSize } from './plain-jpeg.ts';

/** The most pixels of an image: 100 million, 10,000 × 10,000. More is refused before it is decoded. */
const limitInputPixels = 1e8;

/** An image that is not decoded yet, EXIF orientation applied; `frame` is the page of a file that has several. */
export async function openImage(
  bytes: Buffer,
  frame: number,
  { ignoreIcc = false } = {},
): Promise<{ image: Sharp; metadata: Metadata }> {
  const { pages = 1 } = frame > 0 ? await sharp(bytes, { limitInputPixels }).metadata() : {};
  if (frame >= pages) throw new Error(`it has ${pages} frames, so there is no frame ${frame}`);
  const image = sharp(bytes, { limitInputPixels, ignoreIcc, ...(frame > 0 && { page: frame }) }).autoOrient();
  return { image, metadata: await image.metadata() };
}

/** Interleaved RGB, in the depth of the file, 8 or 16 bits. Grey gives three equal channels; more than 4 throw an `Error`. */
export async function readRgb(
  image: Sharp,
  { channels, depth }: Metadata,
): Promise<Uint8Array | Uint16Array> {
  if (channels > 4) throw new Error(`it has ${channels} channels, expected 1 to 4`);
  if (depth === 'uchar') return image.toColourspace('srgb').raw().toBuffer();
  if (depth !== 'ushort') throw new Error(`expected 8 or 16 bits a channel, received ${depth}`);
  const bytes = await image.toColourspace('rgb16').raw({ depth: 'ushort' }).toBuffer();
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
}

/** The values of a channel of other numbers, such as floats in TIFF, as float32. */
export async function readMeasured(image: Sharp, { channels, depth }: Metadata): Promise<Float32Array> {
  if (channels !== 1) throw new Error(`expected 8 or 16 bits a channel, received ${channels} of ${depth}`);
  const grey = image.pipelineColourspace('b-w').toColourspace('b-w');
  const bytes = await grey.raw({ depth: 'float' }).toBuffer();
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

/**
 * Decodes a file once, whatever comes out, so that what is wrong with it is found. Throws a `RunError` that names it. Only for
 * JPEG is there more to find than in reading: where its packed data are damaged in the middle, that goes on.
 */
export async function requireSound(file: string): Promise<void> {
  try {
    const bytes = await readBytes(file);
    if (plainJpegSize(bytes)) await sharp(bytes, { limitInputPixels }).raw().toBuffer();
  } catch (error) {
    throw undecodable(file, error);
  }
}

/** A `RunError` of one line that names the file, whatever a decoder threw; errors of ours stay what they are. */
export function undecodable(file: string, error: unknown): Error {
  if (error instanceof UsageError || error instanceof RunError) return error;
  // libvips may add a line for each part that it could not read.
  const [first = ''] = messageOf(error).trim().split('\n');
  const reason = first.replaceAll(/\s+/g, ' ').replace(/\.$/, '');
  return new RunError(
    `Cannot decode the image ${file}: ${reason}. Replace the file, or remove it from the data set.`,
  );
}
