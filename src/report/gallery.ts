import type { OverlayOptions } from 'sharp';
import { magnifiedDifference } from './difference.ts';
import {
  type ClassMap,
  type GalleryImage,
  paintLabels,
  paintPrediction,
  showImage,
  shownSize,
} from './gallery-image.ts';
import { faintInk, ink, maskColour } from './palette.ts';
import { pixelsPerUnit, rasterise } from './raster.ts';
import { drawText, shorten, textWidth } from './text.ts';

export type { ClassMap, GalleryImage } from './gallery-image.ts';

export interface GalleryRow {
  readonly clean: GalleryImage;
  /** Of the shape of `clean`; each is followed by its difference from it. */
  readonly adversarial: readonly GalleryImage[];
  /** Below `clean`, then below each adversarial image; `\n` begins a new line. */
  readonly captions: readonly string[];
  /** In segmentation the truth: outlined in white wherever a prediction is shown. */
  readonly labels?: ClassMap;
}

export interface GalleryOptions {
  readonly title?: string;
  /** Names of the classes, for the colours of predictions; the first is the background. */
  readonly classes?: readonly string[];
}

/** Twice this, in pixels, is a multiple of the usual sizes of images. */
const cell = 192;
const gap = 14;
const margin = 20;
const lineHeight = 16;
const titleStyle = { size: 17, weight: 'bold', fill: ink } as const;
const headerStyle = { size: 13, weight: 'bold', fill: ink } as const;
const captionStyle = { size: 11.5, fill: ink } as const;
const faintStyle = { size: 11.5, fill: faintInk } as const;

/** An image, with what is written below it. */
interface Cell {
  readonly image: GalleryImage;
  readonly labels?: ClassMap | undefined;
  readonly lines: readonly string[];
  readonly style: typeof captionStyle | typeof faintStyle;
}

function cellsOf({ clean, adversarial, captions, labels }: GalleryRow): Cell[] {
  const described = (image: GalleryImage, caption = ''): Cell => {
    const shownLabels = image.predicted ? labels : undefined;
    return { image, labels: shownLabels, lines: caption.split('\n'), style: captionStyle };
  };
  const pairs = adversarial.flatMap((image, i) => {
    const { image: difference, factor, largest } = magnifiedDifference(clean, image);
    const size = `at most ${(largest * 255).toFixed(1)}/255`;
    const lines = largest === 0 ? ['no difference'] : [`magnified × ${factor}`, size];
    return [described(image, captions[i + 1]), { image: difference, lines, style: faintStyle }];
  });
  return [described(clean, captions[0]), ...pairs];
}

async function showCell({ image, labels }: Cell, left: number, top: number): Promise<OverlayOptions> {
  const shown = await showImage(image, cell * pixelsPerUnit);
  if (image.predicted) paintPrediction(shown, image.predicted, image.shape);
  if (labels) paintLabels(shown, labels, image.shape);
  const { width, height, rgb } = shown;
  const at = { left: Math.round(left * pixelsPerUnit), top: Math.round(top * pixelsPerUnit) };
  return { input: rgb, raw: { width, height, channels: 3 }, ...at };
}

const leftOf = (column: number) => margin + column * (cell + gap);

function drawHeaders(columns: number, y: number): string {
  const name = (column: number) => (column === 0 ? 'clean' : column % 2 === 1 ? 'adversarial' : 'difference');
  return Array.from({ length: columns }, (_, i) => drawText(name(i), leftOf(i), y, headerStyle)).join('');
}

/** What the colours mean, in one line; nothing without predictions. */
function drawKey(rows: readonly GalleryRow[], classes: readonly string[], y: number): string {
  const images = rows.flatMap(({ clean, adversarial }) => [clean, ...adversarial]);
  if (!images.some(({ predicted }) => predicted)) return '';
  const entries = classes.slice(1).map((name, i) => ({ name, fill: maskColour(i + 1), stroke: 'none' }));
  if (rows.some(({ labels }) => labels)) entries.push({ name: 'truth', fill: '#9ca3af', stroke: '#ffffff' });
  let x = margin;
  return entries
    .map(({ name, fill, stroke }) => {
      const square = `<rect x="${x.toFixed(2)}" y="${y - 10}" width="12" height="12" fill="#9ca3af"/><rect x="${(x + 2).toFixed(2)}" y="${y - 8}" width="8" height="8" fill="${fill}" stroke="${stroke}" stroke-width="1.5"/>`;
      const text = drawText(name, x + 18, y, captionStyle);
      x += 18 + textWidth(name, captionStyle) + 18;
      return square + text;
    })
    .join('');
}

/**
 * A PNG: for each row a clean image, then adversarial ones, each beside its magnified difference.
 *
 * Small images are enlarged pixel by pixel. Differences are around middle grey, which means no change, and
 * their captions say the magnification. Predictions of segmentation are laid over the images. Text needs no
 * fonts on the machine. The same rows give the same bytes.
 */
export async function drawGallery(
  rows: readonly GalleryRow[],
  { title, classes = [] }: GalleryOptions = {},
): Promise<Uint8Array> {
  const columns = Math.max(1, ...rows.map((row) => 1 + 2 * row.adversarial.length));
  const width = leftOf(columns) - gap + margin;
  const marks: string[] = [];
  const overlays: OverlayOptions[] = [];
  let y = margin;
  if (title !== undefined) {
    marks.push(drawText(shorten(title, width - 2 * margin, titleStyle), margin, y + 14, titleStyle));
    y += 36;
  }
  marks.push(drawHeaders(columns, y + 10));
  y += 20;
  for (const row of rows) {
    const cells = cellsOf(row);
    const captionsTop = y + shownSize(row.clean.shape, cell * pixelsPerUnit).height / pixelsPerUnit;
    for (const [column, content] of cells.entries()) {
      overlays.push(await showCell(content, leftOf(column), y));
      for (const [line, text] of content.lines.entries()) {
        const baseline = captionsTop + (line + 1) * lineHeight;
        marks.push(drawText(shorten(text, cell, content.style), leftOf(column), baseline, content.style));
      }
    }
    y = captionsTop + Math.max(...cells.map(({ lines }) => lines.length)) * lineHeight + 20;
  }
  const key = drawKey(rows, classes, y + 6);
  return rasterise(marks.join('') + key, width, y + (key ? 24 : 0), overlays);
}
