// From a mask file to one value a pixel.

import { UsageError } from '../errors.ts';
import { readBytes } from './bytes.ts';
import { parseDicom } from './dicom/parse.ts';
import { frameSamples } from './dicom/samples.ts';
import { kindOf } from './file-kind.ts';
import { fitNearest, nearestPixels, type Size } from './fit.ts';
import type { ImageTarget } from './image-file.ts';
import { volumePlane } from './nifti/picture.ts';
import { parseNpy } from './npy.ts';
import { npyFrame } from './npy-picture.ts';
import type { NumberArray } from './numbers.ts';
import { openImage, readRgb, undecodable } from './sharp-file.ts';

/** Values of a mask `[height, width]` of the target, and the size of its file. */
export interface DecodedMask extends Size {
  /** As they stand in the file, or the places of its colours in the palette. */
  readonly values: Uint16Array;
}

/** The colours of the classes, such as `#ff0000`, as 24-bit numbers. */
export type Palette = ReadonlyMap<number, number>;

interface Colours extends Size {
  readonly rgb: Uint8Array | Uint16Array;
}

/** The value of a pixel: grey, or the place of its colour in the palette. */
function valueAt(file: string, { rgb, width }: Colours, pixel: number, palette: Palette | undefined): number {
  const [r, g, b] = [rgb[pixel * 3] as number, rgb[pixel * 3 + 1] as number, rgb[pixel * 3 + 2] as number];
  if (!palette && r === g && r === b) return r;
  const index = palette?.get(r * 65536 + g * 256 + b);
  if (index !== undefined) return index;
  const what = palette ? 'a colour that no class has' : 'colours, such as';
  throw new UsageError(
    `The mask ${file} holds ${what} ${r} ${g} ${b} at row ${Math.floor(pixel / width)}, column ${pixel % width}. ` +
      (palette
        ? 'Expected those of "maskColours"; add it, or correct the mask.'
        : 'Expected grey values; list the colour of each class in "maskColours", or convert it to one value a class.'),
  );
}

async function readColours(bytes: Buffer, frame: number, palette: Palette | undefined): Promise<Colours> {
  const { image, metadata } = await openImage(bytes, frame, { ignoreIcc: true });
  if (palette && metadata.depth !== 'uchar') {
    throw new Error(`expected colours of 8 bits, received ${metadata.depth}`);
  }
  return { rgb: await readRgb(image.removeAlpha(), metadata), ...metadata.autoOrient };
}

/** Labels as numbers, without colours. */
async function readLabels(
  file: string,
  bytes: Buffer,
  frame: number,
): Promise<Size & { values: NumberArray }> {
  const kind = kindOf(bytes);
  if (kind === 'dicom') {
    const image = parseDicom(bytes);
    if (image.samples !== 1) throw new Error('it holds colours, expected labels');
    return { height: image.rows, width: image.columns, values: await frameSamples(image, frame) };
  }
  if (kind !== 'npy') return volumePlane(file, frame);
  const array = npyFrame(parseNpy(bytes), frame);
  if (array.channels !== 1) throw new Error('it holds colours, expected labels');
  return array;
}

function toWhole(values: NumberArray): Uint16Array {
  const wrong = values.findIndex((value) => !(Number.isInteger(value) && value >= 0 && value <= 65535));
  if (wrong < 0) return Uint16Array.from(values);
  throw new Error(`it holds ${values[wrong]}, expected whole numbers from 0 to 65535`);
}

/**
 * Decodes a mask without rescaling its values; each pixel of the result is the pixel of the file at its centre. With
 * `palette` the values are the places of the colours in it; without, a mask with colours is a `UsageError`. Files as
 * for images; DICOM gives its stored values.
 */
export async function decodeMask(file: string, target: ImageTarget, palette?: Palette): Promise<DecodedMask> {
  const { imageShape, fit, frame = 0 } = target;
  const to = { height: imageShape[0], width: imageShape[1] };
  try {
    const bytes = await readBytes(file);
    if (['dicom', 'npy', 'nifti', 'zipped'].includes(kindOf(bytes) ?? 'image')) {
      const { values, height, width } = await readLabels(file, bytes, frame);
      return { values: fitNearest(toWhole(values), { height, width }, to, fit), height, width };
    }
    const colours = await readColours(bytes, frame, palette);
    const values = new Uint16Array(to.height * to.width);
    const pixels = nearestPixels(colours, to, fit);
    for (let i = 0; i < pixels.length; i++) values[i] = valueAt(file, colours, pixels[i] as number, palette);
    return { values, height: colours.height, width: colours.width };
  } catch (error) {
    throw undecodable(file, error);
  }
}
