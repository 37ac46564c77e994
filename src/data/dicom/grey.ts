// From stored values to grey: PS3.3, sections C.11.1 (modality), C.11.2 (values of interest) and C.7.6.16 (by frame).

import type { DataSet } from 'dicom-parser';
import type { NumberArray } from '../numbers.ts';
import { type Range, scaleToUnit } from '../value-range.ts';
import { lookUp, lookupTable } from './lookup.ts';
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

function tableIn(image: DicomImage, frame: number, macro: string, tag: string, name: string) {
  const { signed, syntax } = image;
  for (const data of places(image, frame, macro)) {
    const table = lookupTable(data, tag, name, { signed, bigEndian: syntax.bigEndian ?? false });
    if (table) return table;
  }
  return undefined;
}

/**
 * Measured values of a frame, such as Hounsfield units: those of its modality look-up table, or else slope times stored value
 * plus intercept.
 */
export function rescale(values: NumberArray, image: DicomImage, frame: number): Float32Array {
  const table = tableIn(image, frame, transformation, 'x00283000', 'modality look-up table');
  if (table) return lookUp(table, values);
  const slope = decimal(image, frame, transformation, 'x00281053', 'Rescale Slope') ?? 1;
  const intercept = decimal(image, frame, transformation, 'x00281052', 'Rescale Intercept') ?? 0;
  const measured = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) measured[i] = slope * (values[i] as number) + intercept;
  return measured;
}

/** The smallest and largest of the stored values that are not padding, as rescaled. */
function wholeRange(stored: NumberArray, measured: Float32Array, image: DicomImage): Range {
  const { data, signed } = image;
  const number = (tag: string) => (signed ? data.int16(tag) : data.uint16(tag));
  // One value, or all between two: PS3.3, section C.7.5.1.1.2.
  const padding = number('x00280120') ?? Number.NaN;
  const limit = number('x00280121') ?? padding;
  const [from, to] = [Math.min(padding, limit), Math.max(padding, limit)];
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < measured.length; i++) {
    if ((stored[i] as number) >= from && (stored[i] as number) <= to) continue;
    low = Math.min(low, measured[i] as number);
    high = Math.max(high, measured[i] as number);
  }
  return low <= high ? { low, high } : { low: 0, high: 0 };
}

function functionOf(image: DicomImage, frame: number): string {
  for (const data of places(image, frame, voiLut)) {
    const text = data.string('x00281056')?.trim();
    if (text) return text;
  }
  return 'LINEAR';
}

/**
 * Measured values in [0, 1], as the file would have them shown: through the first of its look-up tables, else the first of its
 * windows (linear, linear exact or sigmoid), else from the smallest to the largest. Tables go first, as in pydicom's
 * `apply_voi_lut`.
 */
export function shownGrey(
  stored: NumberArray,
  measured: Float32Array,
  image: DicomImage,
  frame: number,
): Float32Array {
  const table = tableIn(image, frame, voiLut, 'x00283010', 'look-up table of values of interest');
  if (table) return scaleToUnit(lookUp(table, measured), { low: 0, high: 2 ** table.bits - 1 });
  const centre = decimal(image, frame, voiLut, 'x00281050', 'Window Center');
  const width = decimal(image, frame, voiLut, 'x00281051', 'Window Width');
  if (centre === undefined || width === undefined)
    return scaleToUnit(measured, wholeRange(stored, measured, image));
  const shape = functionOf(image, frame);
  if (shape !== 'LINEAR' && width > 0) {
    // PS3.3, sections C.11.2.1.3.1 and C.11.2.1.3.2.
    if (shape === 'SIGMOID')
      return measured.map((value) => 1 / (1 + Math.exp((-4 * (value - centre)) / width)));
    if (shape === 'LINEAR_EXACT')
      return scaleToUnit(measured, { low: centre - width / 2, high: centre + width / 2 });
    throw new Error(
      `its VOI LUT Function is "${shape.slice(0, 20)}", expected LINEAR, LINEAR_EXACT or SIGMOID`,
    );
  }
  if (width < 1) throw new Error(`its Window Width is ${width}, expected at least 1`);
  // A threshold: PS3.3, section C.11.2.1.2.1.
  if (width === 1) return measured.map((value) => (value > centre - 0.5 ? 1 : 0));
  return scaleToUnit(measured, { low: centre - 0.5 - (width - 1) / 2, high: centre - 0.5 + (width - 1) / 2 });
}
