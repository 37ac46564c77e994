import type { Picture } from '../picture.ts';
import { type Range, scaleToUnit } from '../value-range.ts';
import { fromPalette, toRgb } from './colours.ts';
import { rescale, shownGrey } from './grey.ts';
import { drawOverlays } from './overlay.ts';
import { type DicomImage, parseDicom } from './parse.ts';
import { frameSamples } from './samples.ts';

/**
 * One frame of a DICOM file as a picture in [0, 1], as a viewer shows it: grey through `window`, in
 * measured values, or else as the file says, or else from the smallest to the largest value;
 * MONOCHROME1 inverted; colours as RGB. Overlays are drawn in white where `overlays` asks for them.
 *
 * What cannot be read throws an `Error` with the reason.
 */
export async function dicomPicture(
  bytes: Uint8Array,
  frame: number,
  window: Range | undefined,
  overlays = false,
): Promise<Picture> {
  const image = parseDicom(bytes);
  const picture = await pictureOf(image, frame, window);
  if (overlays) drawOverlays(picture, image, frame);
  return picture;
}

async function pictureOf(image: DicomImage, frame: number, window: Range | undefined): Promise<Picture> {
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
  const values = window ? scaleToUnit(measured, window) : shownGrey(samples, measured, image, frame);
  if (photometric === 'MONOCHROME1')
    for (let i = 0; i < values.length; i++) values[i] = 1 - (values[i] as number);
  return { height, width, channels: 1, values };
}
