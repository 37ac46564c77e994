import sharp, { type OverlayOptions } from 'sharp';

/** Pixels of the PNG for each unit of the drawing: sharp on dense screens. */
export const pixelsPerUnit = 2;

/** `body` on white, as a drawing of its own. */
export function svgOf(body: string, width: number, height: number, scale = 1): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width * scale}" height="${height * scale}" viewBox="0 0 ${width} ${height}"><rect width="100%" height="100%" fill="#ffffff"/>${body}</svg>`;
}

/**
 * A PNG on white of `body`, SVG elements in a drawing of `width` × `height` units, with `overlays` upon it, in
 * pixels. The same input gives the same bytes.
 */
export async function rasterise(
  body: string,
  width: number,
  height: number,
  overlays: OverlayOptions[] = [],
): Promise<Uint8Array> {
  const svg = svgOf(body, Math.ceil(width), Math.ceil(height), pixelsPerUnit);
  return sharp(Buffer.from(svg), { unlimited: true }).composite(overlays).removeAlpha().png().toBuffer();
}
