// One image of a gallery, from pixels in [0, 1] to 8-bit RGB in the size in which it is shown.

import sharp from 'sharp';
import { UsageError } from '../errors.ts';
import { maskColour } from './palette.ts';

/** A class for each pixel, `[height, width]`, row by row; 0 is the background, negative is not labelled. */
export type ClassMap = ArrayLike<number>;

export interface GalleryImage {
  /** `[height, width, channels]`, in [0, 1]; beyond is clipped. Three channels are RGB; otherwise the first is drawn. */
  readonly pixels: Float32Array;
  readonly shape: readonly [height: number, width: number, channels: number];
  /** What a net found: laid over the image, translucent. */
  readonly predicted?: ClassMap;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** 8-bit RGB. */
export interface ShownImage extends Size {
  readonly rgb: Buffer;
}

/** Whole pixels for small images, as each of theirs should be seen; larger ones fill the cell. */
export function shownSize([height, width]: GalleryImage['shape'], cell: number): Size {
  const factor = cell / Math.max(height, width);
  const shown = factor >= 2 ? Math.floor(factor) : factor;
  return { width: Math.max(1, Math.round(width * shown)), height: Math.max(1, Math.round(height * shown)) };
}

function toRgb({ pixels, shape: [height, width, channels] }: GalleryImage): Buffer {
  if (pixels.length !== height * width * channels) {
    throw new UsageError(
      `gallery: expected ${height * width * channels} values for an image of ${height}×${width}×${channels}, received ${pixels.length}.`,
    );
  }
  const rgb = Buffer.alloc(height * width * 3);
  for (let i = 0; i < height * width; i++) {
    for (let channel = 0; channel < 3; channel++) {
      const value = pixels[i * channels + (channels === 3 ? channel : 0)] as number;
      rgb[i * 3 + channel] = Math.round(255 * Math.min(Math.max(value, 0), 1));
    }
  }
  return rgb;
}

/** The colours of `image`, resized. */
export async function showImage(image: GalleryImage, cell: number): Promise<ShownImage> {
  const [height, width] = image.shape;
  const size = shownSize(image.shape, cell);
  const kernel = size.width >= 2 * width ? 'nearest' : 'lanczos3';
  const rgb = await sharp(toRgb(image), { raw: { width, height, channels: 3 } })
    .resize(size.width, size.height, { kernel, fit: 'fill' })
    .raw()
    .toBuffer();
  return { ...size, rgb };
}

/** The class of each shown pixel, and whether a lower one is within `reach` pixels. */
function enlarge(map: ClassMap, [height, width]: GalleryImage['shape'], size: Size) {
  const labelAt = (x: number, y: number) => {
    const [column, row] = [Math.floor((x * width) / size.width), Math.floor((y * height) / size.height)];
    return Math.max(0, map[row * width + column] as number);
  };
  const isEdge = (x: number, y: number, reach: number) => {
    const label = labelAt(x, y);
    const columns = [Math.max(0, x - reach), x, Math.min(size.width - 1, x + reach)];
    const rows = [Math.max(0, y - reach), y, Math.min(size.height - 1, y + reach)];
    return rows.some((row) => columns.some((column) => labelAt(column, row) < label));
  };
  return { labelAt, isEdge };
}

function blend({ rgb, width }: ShownImage, x: number, y: number, colour: string, opacity: number): void {
  for (let channel = 0; channel < 3; channel++) {
    const at = (y * width + x) * 3 + channel;
    const value = Number.parseInt(colour.slice(1 + channel * 2, 3 + channel * 2), 16);
    rgb[at] = Math.round((rgb[at] as number) * (1 - opacity) + value * opacity);
  }
}

/** How the pixels of a class are painted, given whether another is near. */
type Brush = (label: number, isEdge: (reach: number) => boolean) => { colour: string; opacity: number };

function paint(shown: ShownImage, map: ClassMap, shape: GalleryImage['shape'], brush: Brush): void {
  const { labelAt, isEdge } = enlarge(map, shape, shown);
  for (let y = 0; y < shown.height; y++) {
    for (let x = 0; x < shown.width; x++) {
      const label = labelAt(x, y);
      if (label === 0) continue;
      const { colour, opacity } = brush(label, (reach) => isEdge(x, y, reach));
      blend(shown, x, y, colour, opacity);
    }
  }
}

/** Fills what was predicted with the colours of its classes, in place. */
export function paintPrediction(shown: ShownImage, map: ClassMap, shape: GalleryImage['shape']): void {
  paint(shown, map, shape, (label, isEdge) => ({
    colour: maskColour(label),
    opacity: isEdge(2) ? 0.9 : 0.4,
  }));
}

/** Outlines the labels in white, in place; a dark line inside keeps the outline visible on bright images. */
export function paintLabels(shown: ShownImage, map: ClassMap, shape: GalleryImage['shape']): void {
  paint(shown, map, shape, (_, isEdge) => {
    if (isEdge(3)) return { colour: '#ffffff', opacity: 1 };
    return { colour: '#000000', opacity: isEdge(5) ? 0.6 : 0 };
  });
}
