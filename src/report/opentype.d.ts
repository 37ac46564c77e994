// The part of opentype.js that text.ts uses; the package brings no types.

declare module 'opentype.js' {
  export interface Path {
    toPathData(decimals: number): string;
  }
  export interface Glyph {
    /** In units of the font. */
    readonly advanceWidth: number;
    /** `y` is the baseline; `size` is that of the em square. */
    getPath(x: number, y: number, size: number): Path;
  }
  export interface Font {
    readonly unitsPerEm: number;
    charToGlyph(character: string): Glyph;
  }
  const opentype: { parse(font: ArrayBuffer): Font };
  export default opentype;
}
