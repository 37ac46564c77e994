// From the values of a mask to class indices.

import { UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';
import type { DecodedMask, Palette } from './mask-file.ts';

/** What is not expected is a `UsageError` that names the file. */
export type MaskReader = (mask: DecodedMask, file: string) => Int32Array;

/** Above `threshold` is class 1. A mask that never gets there but is not 0 either holds something else. */
function thresholded(threshold: number): MaskReader {
  return ({ values }, file) => {
    const largest = values.reduce((a, b) => Math.max(a, b), 0);
    if (largest > 0 && largest <= threshold) {
      throw new UsageError(
        `The mask ${file}: its largest value is ${largest}, so nothing lies above maskThreshold ${threshold}. ` +
          'List the value of each class in "maskValues", such as [0, 1], or lower the threshold.',
      );
    }
    return Int32Array.from(values, (value) => (value > threshold ? 1 : 0));
  };
}

function listed(classValues: readonly number[]): MaskReader {
  const classOf = new Int32Array(65536).fill(-1);
  for (const [index, value] of classValues.entries()) classOf[value] = index;
  return ({ values }, file) =>
    Int32Array.from(values, (value) => {
      const index = classOf[value] as number;
      if (index >= 0) return index;
      throw new UsageError(
        `The mask ${file}: expected the values ${classValues.join(', ')}, one a class, found ${value}. ` +
          'Correct "classes" and "maskValues", or the mask.',
      );
    });
}

/** Checks the options of `imageMasks` that say what a mask means. */
export function maskReader(
  owner: string,
  classes: readonly string[],
  maskValues: readonly number[],
  palette: Palette | undefined,
  threshold: number,
): MaskReader {
  requireOption(owner, 'classes', classes.length >= 2, 'at least two, the background first', classes);
  if (palette) {
    requireOption(owner, 'maskValues', maskValues.length === 0, 'none beside "maskColours"', maskValues);
    return listed([...classes.keys()]);
  }
  if (maskValues.length === 0) {
    const inRange = Number.isFinite(threshold) && threshold >= 0 && threshold < 65535;
    requireOption(owner, 'maskThreshold', inRange, 'a value from 0 to below 65535', threshold);
    return classes.length === 2 ? thresholded(threshold) : listed([...classes.keys()]);
  }
  const valid = maskValues.every((value) => Number.isInteger(value) && value >= 0 && value <= 65535);
  const distinct = new Set(maskValues).size === maskValues.length;
  const holds = valid && distinct && maskValues.length === classes.length;
  requireOption(owner, 'maskValues', holds, `${classes.length} different values, one a class`, maskValues);
  return listed(maskValues);
}

/** The colours of the classes, by their number; undefined where none are given. */
export function readPalette(
  owner: string,
  classes: readonly string[],
  colours: readonly string[],
): Palette | undefined {
  if (colours.length === 0) return undefined;
  const numbers = colours.map((colour) =>
    /^#[0-9a-f]{6}$/i.test(colour) ? Number.parseInt(colour.slice(1), 16) : -1,
  );
  const holds =
    !numbers.includes(-1) && new Set(numbers).size === classes.length && numbers.length === classes.length;
  requireOption(
    owner,
    'maskColours',
    holds,
    `${classes.length} different colours such as "#ff0000", one a class`,
    colours,
  );
  return new Map(numbers.map((number, index) => [number, index]));
}
