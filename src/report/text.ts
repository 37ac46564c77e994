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
  const { size, weight = 'regular', fill = '#1f2937', anchor = 'start' } = style;
  const font = loadFont(weight);
  let left = x - { start: 0, middle: 0.5, end: 1 }[anchor] * textWidth(text, style);
  const outlines = glyphsOf(text, font).map((glyph) => {
    const outline = glyph.getPath(left, y, size).toPathData(2);
    left += (glyph.advanceWidth * size) / font.unitsPerEm;
    return outline;
  });
  return `<path d="${outlines.join('')}" fill="${fill}"/>`;
}

/** `text`, or as much of its beginning as fits into `width`, and an ellipsis. */
export function shorten(text: string, width: number, style: TextStyle): string {
  if (textWidth(text, style) <= width) return text;
  const characters = Array.from(text);
  while (characters.length > 0 && textWidth(`${characters.join('')}…`, style) > width) characters.pop();
  return `${characters.join('')}…`;
}
