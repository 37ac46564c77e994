// Text as outlines: pictures look the same on every machine, those without fonts included, and no name that
// is drawn can become markup.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import opentype, { type Font } from 'opentype.js';

type Weight = 'regular' | 'bold';

const files = { regular: 'DejaVuSans.ttf', bold: 'DejaVuSans-Bold.ttf' };
const loaded = new Map<Weight, Font>();

function loadFont(weight: Weight): Font {
  let font = loaded.get(weight);
  if (!font) {
    const path = createRequire(import.meta.url).resolve(`dejavu-fonts-ttf/ttf/${files[weight]}`);
    font = opentype.parse(Uint8Array.from(readFileSync(path)).buffer);
    loaded.set(weight, font);
  }
  return font;
}

export interface TextStyle {
  /** Of the em square. */
  readonly size: number;
  readonly weight?: Weight;
  readonly fill?: string;
  /** Which end of the text is at `x`. */
  readonly anchor?: 'start' | 'middle' | 'end';
}

function glyphsOf(text: string, font: Font) {
  // Line breaks and other control characters have no outlines.
  return Array.from(text.replace(/\p{Cc}/gu, ' '), (character) => font.charToGlyph(character));
}

export function textWidth(text: string, { size, weight = 'regular' }: TextStyle): number {
  const font = loadFont(weight);
  const units = glyphsOf(text, font).reduce((sum, glyph) => sum + glyph.advanceWidth, 0);
  return (units * size) / font.unitsPerEm;
}

/** An SVG `<path>` of `text` in one line; `y` is the baseline. A character the font lacks is an empty box. */
export function drawText(text: string, x: number, y: number, style: TextStyle): string {
  const { fill = '#1f2937', anchor = 'start' } = style;
  const { outline, width } = outlineOf(text, style);
  const left = x - { start: 0, middle: 0.5, end: 1 }[anchor] * width;
  return `<path transform="translate(${left.toFixed(2)} ${y.toFixed(2)})" d="${outline}" fill="${fill}"/>`;
}

interface Outline {
  /** From the left end of the baseline. */
  readonly outline: string;
  readonly width: number;
}

/** Numbers and names of axes are drawn again at every epoch, and outlines are what drawing takes its time for. */
const outlines = new Map<string, Outline>();
const MOST_OUTLINES = 500;

function outlineOf(text: string, { size, weight = 'regular' }: TextStyle): Outline {
  const key = `${weight} ${size} ${text}`;
  const known = outlines.get(key);
  if (known) return known;
  const font = loadFont(weight);
  let left = 0;
  const drawn = glyphsOf(text, font).map((glyph) => {
    const path = glyph.getPath(left, 0, size).toPathData(2);
    left += (glyph.advanceWidth * size) / font.unitsPerEm;
    return path;
  });
  if (outlines.size >= MOST_OUTLINES) outlines.clear();
  const outline = { outline: drawn.join(''), width: left };
  outlines.set(key, outline);
  return outline;
}

/** `text`, or as much of its beginning as fits into `width`, and an ellipsis. */
export function shorten(text: string, width: number, style: TextStyle): string {
  if (textWidth(text, style) <= width) return text;
  const characters = Array.from(text);
  while (characters.length > 0 && textWidth(`${characters.join('')}…`, style) > width) characters.pop();
  return `${characters.join('')}…`;
}
