/**
 * Colours that stay apart under the common colour blindnesses: Okabe and Ito 2008, Color Universal Design,
 * without the yellow, which is faint on white.
 */
export const palette = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'] as const;

export const ink = '#1f2937';
export const faintInk = '#6b7280';
export const gridColour = '#e5e7eb';

/** The colour of the `index`-th curve or class; beyond the palette it begins again. */
export function paletteColour(index: number): string {
  return palette[index % palette.length] as string;
}

/** The same colours for the classes of a mask, in an order that stands out on grey; without black. */
const maskColours = ['#d55e00', '#56b4e9', '#009e73', '#e69f00', '#cc79a7', '#0072b2'] as const;

/** Of a class index from 1; class 0, the background, has none. */
export function maskColour(label: number): string {
  return maskColours[(label - 1) % maskColours.length] as string;
}
