// From stored values to grey: PS3.3, sections C.11.1 (rescale), C.11.2 (window) and C.7.6.16 (by frame).

import type { DataSet } from 'dicom-parser';
import type { NumberArray } from '../numbers.ts';
import type { Range } from '../value-range.ts';
import type { DicomImage } from './parse.ts';

/** Where the attributes of a frame may stand, the nearest first: in its own group, the shared one, or the file. */
function* places({ data }: DicomImage, frame: number, macro: string): Generator<DataSet> {
  const groups = [data.elements.x52009230?.items?.[frame], data.elements.x52009229?.items?.[0]];
  for (const group of groups) {
    const found = group?.dataSet?.elements[macro]?.items?.[0]?.dataSet;
    if (found) yield found;
  }
  yield data;
}

/** The first of the decimal numbers at `tag`. */
function decimal(
  image: DicomImage,
  frame: number,
  macro: string,
  tag: string,
  name: string,
): number | undefined {
  for (const data of places(image, frame, macro)) {
    const text = data.string(tag)?.split('\\')[0]?.trim();
    if (text === undefined || text === '') continue;
    const value = Number(text);
    if (Number.isFinite(value)) return value;
    throw new Error(`its ${name} is "${text.slice(0, 20)}", expected a number`);
  }
  return undefined;
}

const [transformation, voiLut] = ['x00289145', 'x00289132'];

/** Measured values of a frame, such as Hounsfield units: slope times stored value plus intercept. */
export function rescale(values: NumberArray, image: DicomImage, frame: number): Float32Array {
  if (image.data.elements.x00283000)
    throw new Error('its values need a modality look-up table, which cannot be read');
  const slope = decimal(image, frame, transformation, 'x00281053', 'Rescale Slope') ?? 1;
  const intercept = decimal(image, frame, transformation, 'x00281052', 'Rescale Intercept') ?? 0;
  const measured = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) measured[i] = slope * (values[i] as number) + intercept;
  return measured;
}

/** The smallest and largest of the stored values that are not padding, as rescaled. */
function wholeRange(stored: NumberArray, measured: Float32Array, image: DicomImage): Range {
  const { data, signed } = image;
  const padding = signed ? data.int16('x00280120') : data.uint16('x00280120');
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < measured.length; i++) {
    if (stored[i] === padding) continue;
    low = Math.min(low, measured[i] as number);
    high = Math.max(high, measured[i] as number);
  }
  return low <= high ? { low, high } : { low: 0, high: 0 };
}

/**
 * The values that become black and white: the first window of the file, else all there are.
 *
 * A sigmoid window is taken as the linear one of its centre and width; VOI look-up tables are not.
 */
export function windowOf(
  stored: NumberArray,
  measured: Float32Array,
  image: DicomImage,
  frame: number,
): Range {
  const centre = decimal(image, frame, voiLut, 'x00281050', 'Window Center');
  const width = decimal(image, frame, voiLut, 'x00281051', 'Window Width');
  if (centre === undefined || width === undefined) return wholeRange(stored, measured, image);
  const exact = [...places(image, frame, voiLut)].some((data) =>
    data.string('x00281056')?.trim().startsWith('LINEAR_EXACT'),
  );
  if (exact && width > 0) return { low: centre - width / 2, high: centre + width / 2 };
  if (width < 1) throw new Error(`its Window Width is ${width}, expected at least 1`);
  return { low: centre - 0.5 - (width - 1) / 2, high: centre - 0.5 + (width - 1) / 2 };
}
