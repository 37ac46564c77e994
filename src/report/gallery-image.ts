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

/** Colours a pixel of a picture. */
type Put = (x: number, y: number, colour: string, opacity: number) => void;

const partsOf = (colour: string) =>
  [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as [number, number, number];

const blendInto =
  ({ rgb, width }: ShownImage): Put =>
  (x, y, colour, opacity) => {
    for (const [channel, value] of partsOf(colour).entries()) {
      const at = (y * width + x) * 3 + channel;
      rgb[at] = Math.round((rgb[at] as number) * (1 - opacity) + value * opacity);
    }
  };

/** How the pixels of a class are painted, given whether another is near. */
type Brush = (label: number, isEdge: (reach: number) => boolean) => { colour: string; opacity: number };

function paint(map: ClassMap, shape: GalleryImage['shape'], size: Size, brush: Brush, put: Put): void {
  const { labelAt, isEdge } = enlarge(map, shape, size);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const label = labelAt(x, y);
      if (label === 0) continue;
      const { colour, opacity } = brush(label, (reach) => isEdge(x, y, reach));
      put(x, y, colour, opacity);
    }
  }
}

const predictionBrush: Brush = (label, isEdge) => ({
  colour: maskColour(label),
  opacity: isEdge(2) ? 0.9 : 0.4,
});

/** White; a dark line inside keeps the outline visible on bright images. */
const labelsBrush: Brush = (_, isEdge) => {
  if (isEdge(3)) return { colour: '#ffffff', opacity: 1 };
  return { colour: '#000000', opacity: isEdge(5) ? 0.6 : 0 };
};

/** Fills what was predicted with the colours of its classes, in place. */
export function paintPrediction(shown: ShownImage, map: ClassMap, shape: GalleryImage['shape']): void {
  paint(map, shape, shown, predictionBrush, blendInto(shown));
}

/** Outlines the labels in white, in place. */
export function paintLabels(shown: ShownImage, map: ClassMap, shape: GalleryImage['shape']): void {
  paint(map, shape, shown, labelsBrush, blendInto(shown));
}

/** What `paintPrediction` or `paintLabels` puts on an image, by itself: a PNG with transparency. */
export async function drawOverlay(
  kind: 'prediction' | 'labels',
  map: ClassMap,
  shape: GalleryImage['shape'],
  cell: number,
): Promise<Buffer> {
  const { width, height } = shownSize(shape, cell);
  const rgba = Buffer.alloc(width * height * 4);
  const brush = kind === 'prediction' ? predictionBrush : labelsBrush;
  paint(map, shape, { width, height }, brush, (x, y, colour, opacity) => {
    rgba.set([...partsOf(colour), Math.round(255 * opacity)], (y * width + x) * 4);
  });
  return sharp(rgba, { raw: { width, height, channels: 4 } })
    .png({ compressionLevel: 9 })
    .toBuffer();
}

/** A PNG of the image in its own size. */
export async function drawImage(image: GalleryImage): Promise<Buffer> {
  const [height, width] = image.shape;
  return sharp(toRgb(image), { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 9 })
    .toBuffer();
}
