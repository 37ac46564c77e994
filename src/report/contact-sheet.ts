import type { OverlayOptions } from 'sharp';
import {
  type ClassMap,
  type GalleryImage,
  paintLabels,
  paintPrediction,
  showImage,
} from './gallery-image.ts';
import { faintInk, ink } from './palette.ts';
import { pixelsPerUnit, rasterise } from './raster.ts';
import { drawText, shorten } from './text.ts';

export interface SheetImage {
  readonly image: GalleryImage;
  /** Below the image: a line each. */
  readonly captions: readonly string[];
  /** Laid over the image, in segmentation. */
  readonly labels?: ClassMap;
}

const cell = 128;
const gap = 12;
const margin = 20;
const lineHeight = 15;
const titleStyle = { size: 17, weight: 'bold', fill: ink } as const;
const captionStyle = { size: 10.5, fill: ink } as const;
const faintStyle = { size: 10.5, fill: faintInk } as const;

/**
 * A PNG of images side by side, `columns` in a row, each with its captions; masks are outlined, and those of
 * several classes filled with their colours. The same images give the same bytes.
 */
export async function drawContactSheet(
  images: readonly SheetImage[],
  { title, columns = 6 }: { readonly title: string; readonly columns?: number },
): Promise<Uint8Array> {
  const lines = Math.max(1, ...images.map(({ captions }) => captions.length));
  const pitch = cell + lines * lineHeight + gap;
  const width = 2 * margin + Math.min(columns, Math.max(1, images.length)) * (cell + gap) - gap;
  const top = margin + 30;
  const marks = [drawText(shorten(title, width - 2 * margin, titleStyle), margin, margin + 14, titleStyle)];
  const overlays: OverlayOptions[] = [];
  for (const [i, { image, captions, labels }] of images.entries()) {
    const left = margin + (i % columns) * (cell + gap);
    const y = top + Math.floor(i / columns) * pitch;
    const shown = await showImage(image, cell * pixelsPerUnit);
    if (labels) {
      // One class needs no colour, which would hide what it is about.
      if (Array.from(labels).some((label) => label > 1)) paintPrediction(shown, labels, image.shape);
      paintLabels(shown, labels, image.shape);
    }
    const { rgb, ...size } = shown;
    overlays.push({
      input: rgb,
      raw: { ...size, channels: 3 },
      left: left * pixelsPerUnit,
      top: y * pixelsPerUnit,
    });
    for (const [line, text] of captions.entries()) {
      const style = line === 0 ? captionStyle : faintStyle;
      marks.push(drawText(shorten(text, cell, style), left, y + cell + (line + 1) * lineHeight - 3, style));
    }
  }
  const rows = Math.ceil(images.length / columns);
  return rasterise(marks.join(''), width, top + rows * pitch + margin - gap, overlays);
}
