// Looking into pictures.

import sharp from 'sharp';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** `#rrggbb` of a pixel. */
  at(x: number, y: number): string;
  /** How many pixels have exactly this colour, in a rectangle or in all. */
  count(colour: string, within?: { left: number; top: number; right: number; bottom: number }): number;
  colours(): Set<string>;
}

export async function decode(png: Uint8Array): Promise<Picture> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const at = (x: number, y: number) => {
    const start = (y * width + x) * 3;
    return `#${data.toString('hex', start, start + 3)}`;
  };
  return {
    width,
    height,
    at,
    count(colour, { left, top, right, bottom } = { left: 0, top: 0, right: width, bottom: height }) {
      let found = 0;
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) if (at(x, y) === colour) found++;
      }
      return found;
    },
    colours() {
      const all = new Set<string>();
      for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) all.add(at(x, y));
      return all;
    },
  };
}
