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

/** The class of each shown pixel, row by row. */
function enlarge(map: ClassMap, [height, width]: GalleryImage['shape'], size: Size): Int32Array {
  const columns = Array.from({ length: size.width }, (_, x) => Math.floor((x * width) / size.width));
  const labels = new Int32Array(size.width * size.height);
  for (let y = 0; y < size.height; y++) {
    const row = Math.floor((y * height) / size.height) * width;
    for (let x = 0; x < size.width; x++) {
      labels[y * size.width + x] = Math.max(0, map[row + (columns[x] as number)] as number);
    }
  }
  return labels;
}

/** Whether a pixel has a lower class `reach` pixels away, across, down or both; at a border the border counts. */
function isEdge(labels: Int32Array, { width, height }: Size, x: number, y: number, reach: number): boolean {
  const label = labels[y * width + x] as number;
  const [left, right] = [Math.max(0, x - reach), Math.min(width - 1, x + reach)];
  for (const row of [Math.max(0, y - reach) * width, y * width, Math.min(height - 1, y + reach) * width]) {
    const [a, b, c] = [labels[row + left], labels[row + x], labels[row + right]] as [number, number, number];
    if (a < label || b < label || c < label) return true;
  }
  return false;
}

type Colour = readonly [red: number, green: number, blue: number];

/** Colours a pixel of a picture. */
type Put = (x: number, y: number, colour: Colour, opacity: number) => void;

const partsOf = (colour: string) =>
  [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as unknown as Colour;

const blendInto =
  ({ rgb, width }: ShownImage): Put =>
  (x, y, colour, opacity) => {
    for (let channel = 0; channel < 3; channel++) {
      const at = (y * width + x) * 3 + channel;
      rgb[at] = Math.round((rgb[at] as number) * (1 - opacity) + (colour[channel] as number) * opacity);
    }
  };

/** How the pixels of a class are painted, given whether another is near. */
type Brush = (label: number, isEdge: (reach: number) => boolean) => { colour: Colour; opacity: number };

function paint(map: ClassMap, shape: GalleryImage['shape'], size: Size, brush: Brush, put: Put): void {
  const labels = enlarge(map, shape, size);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const label = labels[y * size.width + x] as number;
      if (label === 0) continue;
      const { colour, opacity } = brush(label, (reach) => isEdge(labels, size, x, y, reach));
      put(x, y, colour, opacity);
    }
  }
}

function predictionBrush(): Brush {
  const colours = new Map<number, Colour>();
  return (label, isEdge) => {
    const colour = colours.get(label) ?? partsOf(maskColour(label));
    colours.set(label, colour);
    return { colour, opacity: isEdge(2) ? 0.9 : 0.4 };
  };
}

const [white, black] = [partsOf('#ffffff'), partsOf('#000000')];

/** White; a dark line inside keeps the outline visible on bright images. */
const labelsBrush: Brush = (_, isEdge) => {
  if (isEdge(3)) return { colour: white, opacity: 1 };
  return { colour: black, opacity: isEdge(5) ? 0.6 : 0 };
};

/** Fills what was predicted with the colours of its classes, in place. */
export function paintPrediction(shown: ShownImage, map: ClassMap, shape: GalleryImage['shape']): void {
  paint(map, shape, shown, predictionBrush(), blendInto(shown));
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
  const brush = kind === 'prediction' ? predictionBrush() : labelsBrush;
  paint(map, shape, { width, height }, brush, (x, y, colour, opacity) => {
    const at = (y * width + x) * 4;
    [rgba[at], rgba[at + 1], rgba[at + 2]] = colour;
    rgba[at + 3] = Math.round(255 * opacity);
  });
  return sharp(rgba, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer();
}

/** A PNG of the image in its own size. */
export async function drawImage(image: GalleryImage): Promise<Buffer> {
  const [height, width] = image.shape;
  return sharp(toRgb(image), { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
