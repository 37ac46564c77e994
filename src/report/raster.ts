import sharp, { type OverlayOptions } from 'sharp';

/** Pixels of the PNG for each unit of the drawing: sharp on dense screens. */
export const pixelsPerUnit = 2;

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
  const [columns, rows] = [Math.ceil(width) * pixelsPerUnit, Math.ceil(height) * pixelsPerUnit];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${columns}" height="${rows}" viewBox="0 0 ${columns / pixelsPerUnit} ${rows / pixelsPerUnit}"><rect width="100%" height="100%" fill="#ffffff"/>${body}</svg>`;
  return sharp(Buffer.from(svg), { unlimited: true })
    .composite(overlays)
    .removeAlpha()
    .png({ compressionLevel: 9 })
    .toBuffer();
}
