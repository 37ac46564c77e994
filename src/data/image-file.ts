// From an image file to numbers, the same for every format that is made of image files.

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isMainThread } from 'node:worker_threads';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { messageOf, RunError, UsageError } from '../errors.ts';
import { type Options, requireOption } from '../options.ts';
import type { ImageShape } from './dataset.ts';

/** Options that every format of image files takes. */
export const imageDefaults = {
  /** `[height, width]` that every image is resized to. */
  size: [224, 224],
  /** `squash` changes the aspect, `crop` keeps it and cuts away what lies beyond the centre. */
  fit: 'squash',
  /** 3, or 1 for grey: colours then become their luma, 0.299 R + 0.587 G + 0.114 B (Rec. ITU-R BT.601). */
  channels: 3,
} as const satisfies Options;

/** How decoded images shall look. */
export interface ImageTarget {
  readonly imageShape: ImageShape;
  readonly fit: 'squash' | 'crop';
}

/** A part of an image, in its own pixels, after EXIF orientation. */
interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A decoded image, with the size that its file had, as a viewer shows it. */
export interface DecodedImage {
  readonly pixels: Float32Array;
  readonly width: number;
  readonly height: number;
}

/** Checks the options of `imageDefaults`. */
export function imageTarget(
  owner: string,
  options: { readonly size: readonly number[]; readonly fit: string; readonly channels: number },
): ImageTarget {
  const { size, fit, channels } = options;
  const [height = 0, width = 0] = size;
  const sizeHolds = size.length === 2 && size.every((side) => Number.isInteger(side) && side > 0);
  requireOption(owner, 'size', sizeHolds, 'two whole numbers, [height, width]', size);
  requireOption(owner, 'channels', channels === 1 || channels === 3, '1 or 3', channels);
  if (fit !== 'squash' && fit !== 'crop') {
    throw new UsageError(
      `Option "fit" of ${owner}: expected "squash" or "crop", received ${JSON.stringify(fit)}.`,
    );
  }
  return { imageShape: [height, width, channels], fit };
}

/** The part of a `width` × `height` image that `target` keeps: all, or the largest centred box of its aspect. */
function keptBox(width: number, height: number, { imageShape, fit }: ImageTarget): Box {
  if (fit === 'squash') return { left: 0, top: 0, width, height };
  const [targetHeight, targetWidth] = imageShape;
  const scale = Math.min(width / targetWidth, height / targetHeight);
  const boxWidth = Math.max(1, Math.round(targetWidth * scale));
  const boxHeight = Math.max(1, Math.round(targetHeight * scale));
  return {
    left: Math.floor((width - boxWidth) / 2),
    top: Math.floor((height - boxHeight) / 2),
    width: boxWidth,
    height: boxHeight,
  };
}

/** A worker may wait for the disk; handing that to another thread costs it more than reading. */
const readBytes = isMainThread ? readFile : (file: string) => readFileSync(file);

async function open(file: string): Promise<{ image: Sharp; metadata: Metadata }> {
  // Decoded from memory: libvips would remember a file by its name, and not see that it changed.
  const image = sharp(await readBytes(file)).autoOrient();
  const metadata = await image.metadata();
  if (metadata.depth !== 'uchar' && metadata.depth !== 'ushort') {
    throw new Error(`expected 8 or 16 bits a channel, received ${metadata.depth}`);
  }
  return { image, metadata };
}

/** Interleaved RGB, in the depth of the file. Grey gives three equal channels. */
async function readRgb(image: Sharp, metadata: Metadata): Promise<Uint8Array | Uint16Array> {
  if (metadata.depth === 'uchar') return image.toColourspace('srgb').raw().toBuffer();
  const bytes = await image.toColourspace('rgb16').raw({ depth: 'ushort' }).toBuffer();
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
}

function toPixels(rgb: Uint8Array | Uint16Array, channels: number): Float32Array {
  const largest = rgb instanceof Uint16Array ? 65535 : 255;
  const pixels = new Float32Array((rgb.length / 3) * channels);
  if (channels === 3) {
    for (let i = 0; i < rgb.length; i++) pixels[i] = (rgb[i] as number) / largest;
    return pixels;
  }
  // Whole weights, so that equal channels give exactly their value.
  for (let i = 0, j = 0; i < pixels.length; i++, j += 3) {
    const luma = 299 * (rgb[j] as number) + 587 * (rgb[j + 1] as number) + 114 * (rgb[j + 2] as number);
    pixels[i] = luma / 1000 / largest;
  }
  return pixels;
}

function undecodable(file: string, error: unknown): Error {
  if (error instanceof UsageError) return error;
  // libvips may add a line for each part that it could not read.
  const [first = ''] = messageOf(error).trim().split('\n');
  const reason = first.replaceAll(/\s+/g, ' ').replace(/\.$/, '');
  return new RunError(
    `Cannot decode the image ${file}: ${reason}. Replace the file, or remove it from the data set.`,
  );
}

/**
 * Decodes a file to `target.imageShape`, in [0, 1].
 *
 * EXIF orientation is applied, transparency is laid on black, 16-bit images are scaled by 65535.
 * Resizing is Lanczos with an antialiasing width. A file that is missing, damaged or of an unknown
 * format is a `RunError` that names it.
 */
export async function decodeImage(file: string, target: ImageTarget): Promise<DecodedImage> {
  const [height, width, channels] = target.imageShape;
  try {
    const { image, metadata } = await open(file);
    const source = metadata.autoOrient;
    if (target.fit === 'crop') image.extract(keptBox(source.width, source.height, target));
    // The fast path shrinks JPEG in its own decoder until aliasing shows.
    image.flatten({ background: '#000' }).resize(width, height, { fit: 'fill', fastShrinkOnLoad: false });
    return { pixels: toPixels(await readRgb(image, metadata), channels), ...source };
  } catch (error) {
    throw undecodable(file, error);
  }
}

/** Values of a mask `[height, width]` of the target, as they stand in its file. */
export interface DecodedMask {
  readonly values: Uint16Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Decodes a grey mask without rescaling its values; each pixel of the result is the pixel of the file
 * at its centre. A mask with colours is a `UsageError`.
 */
export async function decodeMask(file: string, target: ImageTarget): Promise<DecodedMask> {
  try {
    const { image, metadata } = await open(file);
    const rgb = await readRgb(image.removeAlpha(), metadata);
    const source = metadata.autoOrient;
    return { values: nearest(file, rgb, source, target), ...source };
  } catch (error) {
    throw undecodable(file, error);
  }
}

function nearest(
  file: string,
  rgb: Uint8Array | Uint16Array,
  source: { readonly width: number; readonly height: number },
  target: ImageTarget,
): Uint16Array {
  const [height, width] = target.imageShape;
  const box = keptBox(source.width, source.height, target);
  const values = new Uint16Array(height * width);
  for (let y = 0; y < height; y++) {
    const row = box.top + Math.floor(((y + 0.5) * box.height) / height);
    for (let x = 0; x < width; x++) {
      const column = box.left + Math.floor(((x + 0.5) * box.width) / width);
      const at = (row * source.width + column) * 3;
      const value = rgb[at] as number;
      if (value !== rgb[at + 1] || value !== rgb[at + 2]) {
        throw new UsageError(
          `The mask ${file} holds colours, such as ${rgb.slice(at, at + 3).join(' ')} at row ${row}, column ${column}. ` +
            'Expected grey values; convert it to one value a class.',
        );
      }
      values[y * width + x] = value;
    }
  }
  return values;
}
