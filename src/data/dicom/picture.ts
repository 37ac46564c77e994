import type { Picture } from '../picture.ts';
import { type Range, scaleToUnit } from '../value-range.ts';
import { fromPalette, toRgb } from './colours.ts';
import { rescale, windowOf } from './grey.ts';
import { parseDicom } from './parse.ts';
import { frameSamples } from './samples.ts';

/**
 * One frame of a DICOM file as a picture in [0, 1], as a viewer shows it: grey through `window`, in
 * measured values, or else the window of the file, or else from the smallest to the largest value;
 * MONOCHROME1 inverted; colours as RGB. Overlays are not drawn.
 *
 * What cannot be read throws an `Error` with the reason.
 */
export async function dicomPicture(
  bytes: Uint8Array,
  frame: number,
  window: Range | undefined,
): Promise<Picture> {
  const image = parseDicom(bytes);
  const { rows: height, columns: width, photometric, bitsStored } = image;
  const samples = await frameSamples(image, frame);
  if (photometric === 'PALETTE COLOR') {
    return { height, width, channels: 3, values: fromPalette(samples, image) };
  }
  if (image.samples === 3) {
    const largest = 2 ** bitsStored - 1;
    const values = Float32Array.from(toRgb(samples, image), (value) =>
      Math.min(1, Math.max(0, value / largest)),
    );
    return { height, width, channels: 3, values };
  }
  const measured = rescale(samples, image, frame);
  const range = window ?? windowOf(samples, measured, image, frame);
  const values = scaleToUnit(measured, range);
  if (photometric === 'MONOCHROME1')
    for (let i = 0; i < values.length; i++) values[i] = 1 - (values[i] as number);
  return { height, width, channels: 1, values };
}
