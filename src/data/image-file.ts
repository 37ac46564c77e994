// From an image file to numbers, the same for every format that is made of image files.

import type { Metadata, Sharp } from 'sharp';
import { UsageError } from '../errors.ts';
import { type Options, requireOption } from '../options.ts';
import { readBytes } from './bytes.ts';
import type { ImageShape } from './dataset.ts';
import { dicomPicture } from './dicom/picture.ts';
import { kindOf } from './file-kind.ts';
import { keptBox } from './fit.ts';
import { volumePicture } from './nifti/picture.ts';
import { npyPicture } from './npy-picture.ts';
import { fitPicture, type Picture, unitValues } from './picture.ts';
import { decodePlainJpeg, plainJpegSize } from './plain-jpeg.ts';
import { openImage, readMeasured, readRgb, undecodable } from './sharp-file.ts';
import type { Range } from './value-range.ts';

/** Options that every format of image files takes. */
export const imageDefaults = {
  /** `[height, width]` that every image is resized to. */
  size: [224, 224],
  /** `squash` changes the aspect, `crop` keeps it and cuts away what lies beyond the centre. */
  fit: 'squash',
  /** 3, or 1 for grey: colours then become their luma, 0.299 R + 0.587 G + 0.114 B (Rec. ITU-R BT.601). */
  channels: 3,
  /**
   * `[low, high]`: the values that become 0 and 1, such as `[-1000, 400]` Hounsfield units. By default the window of
   * a DICOM file, else its smallest and largest value, and 0 and the largest value that there can be of 8 and 16 bits.
   */
  window: [] as readonly number[],
  /** Which frame of a file that has several; an axial slice of a volume, from below. */
  frame: 0,
  /** Draws the graphics that lie over DICOM images, in white. */
  overlays: false,
} as const satisfies Options;

/** How decoded images shall look. */
export interface ImageTarget {
  readonly imageShape: ImageShape;
  readonly fit: 'squash' | 'crop';
  readonly window?: Range;
  readonly frame?: number;
  readonly overlays?: boolean;
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
  options: {
    readonly size: readonly number[];
    readonly fit: string;
    readonly channels: number;
    readonly window?: readonly number[];
    readonly frame?: number;
    readonly overlays?: boolean;
  },
): ImageTarget {
  const { size, fit, channels, window = [], frame = 0, overlays = false } = options;
  const [height = 0, width = 0] = size;
  const sizeHolds = size.length === 2 && size.every((side) => Number.isInteger(side) && side > 0);
  requireOption(owner, 'size', sizeHolds, 'two whole numbers, [height, width]', size);
  requireOption(owner, 'channels', channels === 1 || channels === 3, '1 or 3', channels);
  if (fit !== 'squash' && fit !== 'crop') {
    throw new UsageError(
      `Option "fit" of ${owner}: expected "squash" or "crop", received ${JSON.stringify(fit)}.`,
    );
  }
  const [low = 0, high = 0] = window;
  const windowHolds =
    window.length === 0 || (window.length === 2 && window.every(Number.isFinite) && low < high);
  requireOption(owner, 'window', windowHolds, '[low, high], low below high, or none', window);
  requireOption(owner, 'frame', Number.isInteger(frame) && frame >= 0, 'a whole number of at least 0', frame);
  return {
    imageShape: [height, width, channels],
    fit,
    ...{ frame, overlays },
    ...(window.length > 0 && { window: { low, high } }),
  };
}

/** Interleaved values, `stride` a pixel of which the first are grey or RGB, as pixels in [0, 1]. */
function toPixels(
  values: Uint8Array | Uint16Array,
  stride: number,
  channels: number,
  window: Range | undefined,
): Float32Array {
  const largest = values instanceof Uint16Array ? 65535 : 255;
  const { low, high } = window ?? { low: 0, high: largest };
  const inUnit = (value: number) => Math.min(1, Math.max(0, (value - low) / (high - low)));
  const pixels = new Float32Array((values.length / stride) * channels);
  const [green, blue] = stride < 3 ? [0, 0] : [1, 2];
  if (channels === 3) {
    // Looked up: images have more pixels than there are values.
    const table = Float32Array.from({ length: largest + 1 }, (_, value) => inUnit(value));
    for (let i = 0, j = 0; i < pixels.length; i += 3, j += stride) {
      pixels[i] = table[values[j] as number] as number;
      pixels[i + 1] = table[values[j + green] as number] as number;
      pixels[i + 2] = table[values[j + blue] as number] as number;
    }
    return pixels;
  }
  // Whole weights, so that equal channels give exactly their value.
  for (let i = 0, j = 0; i < pixels.length; i++, j += stride) {
    const [r, g, b] = [values[j] as number, values[j + green] as number, values[j + blue] as number];
    pixels[i] = inUnit((299 * r + 587 * g + 114 * b) / 1000);
  }
  return pixels;
}

/** A JPEG of the usual kind; undefined for other files. */
async function readJpeg(bytes: Uint8Array, target: ImageTarget): Promise<DecodedImage | undefined> {
  const { imageShape, fit, frame = 0, window } = target;
  const [height, width, channels] = imageShape;
  const from = plainJpegSize(bytes);
  if (!from || frame > 0) return undefined;
  const kept = keptBox(from, { height, width }, fit);
  if (kept.width < from.width || kept.height < from.height) return undefined;
  const decoded = await decodePlainJpeg(bytes, from, { height, width });
  return decoded && { pixels: toPixels(decoded.values, decoded.stride, channels, window), ...from };
}

async function readColours(image: Sharp, metadata: Metadata, target: ImageTarget): Promise<DecodedImage> {
  const [height, width, channels] = target.imageShape;
  const source = metadata.autoOrient;
  if (target.fit === 'crop') image.extract(keptBox(source, { height, width }, 'crop'));
  // The fast path shrinks JPEG in its own decoder until aliasing shows.
  image.flatten({ background: '#000' }).resize(width, height, { fit: 'fill', fastShrinkOnLoad: false });
  return { pixels: toPixels(await readRgb(image, metadata), 3, channels, target.window), ...source };
}

/** Of a kind that is not for viewers: numbers, and what they mean. */
async function readPicture(
  file: string,
  bytes: Buffer,
  { frame = 0, window, overlays }: ImageTarget,
): Promise<Picture> {
  const kind = kindOf(bytes);
  if (kind === 'dicom') return dicomPicture(bytes, frame, window, overlays);
  if (kind === 'npy') return npyPicture(bytes, frame, window);
  return volumePicture(file, frame, window);
}

/**
 * Decodes a file to `target.imageShape`, in [0, 1]: PNG, JPEG, TIFF, WebP, GIF, DICOM, `.npy` and NIfTI, told apart by
 * content.
 *
 * EXIF orientation is applied, transparency is laid on black, 16-bit images are scaled by 65535.
 * Resizing is Lanczos with an antialiasing width. A file that is missing, damaged or of an unknown
 * format is a `RunError` that names it.
 */
export async function decodeImage(file: string, target: ImageTarget): Promise<DecodedImage> {
  try {
    // Decoded from memory: libvips would remember a file by its name, and not see that it changed.
    const bytes = await readBytes(file);
    let picture: Picture;
    if (['dicom', 'npy', 'nifti', 'zipped'].includes(kindOf(bytes) ?? 'image')) {
      picture = await readPicture(file, bytes, target);
    } else {
      const jpeg = await readJpeg(bytes, target);
      if (jpeg) return jpeg;
      const { image, metadata } = await openImage(bytes, target.frame ?? 0);
      if (metadata.depth === 'uchar' || metadata.depth === 'ushort')
        return await readColours(image, metadata, target);
      const values = unitValues(await readMeasured(image, metadata), 'float32', target.window);
      picture = { ...metadata.autoOrient, channels: 1, values };
    }
    const { width, height } = picture;
    return { pixels: await fitPicture(picture, target.imageShape, target.fit), width, height };
  } catch (error) {
    throw undecodable(file, error);
  }
}
