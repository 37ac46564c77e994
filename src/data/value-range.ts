// From measured values, such as Hounsfield units or a scanner's own, to [0, 1].

import { UsageError } from '../errors.ts';
import { type Options, requireOption } from '../options.ts';

/** Options that formats of measured values take. */
export const intensityDefaults = {
  /**
   * What `range` counts: `values` as they are (a window), `percentiles` of the volume, or standard
   * `deviations` from its mean. What lies at the ends of the range becomes 0 and 1, what lies beyond too.
   */
  intensity: 'percentiles',
  /** `[low, high]`; by default the percentiles 0.5 and 99.5, or 3 deviations to both sides. */
  range: [] as readonly number[],
} satisfies Options;

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Finds the values that become 0 and 1. Values that are not finite are left out. */
export type RangeFinder = (values: Float32Array) => Range;

function percentile(sorted: Float32Array, percent: number): number {
  const place = (percent / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  return below + (place - Math.floor(place)) * ((sorted[Math.ceil(place)] as number) - below);
}

function moments(values: Float32Array): { mean: number; deviation: number } {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / values.length) };
}

/** Checks the options of `intensityDefaults`. Percentiles are interpolated linearly, as NumPy's are. */
export function rangeFinder(
  owner: string,
  { intensity, range }: { readonly intensity: string; readonly range: readonly number[] },
): RangeFinder {
  const byDefault: Readonly<Record<string, readonly number[]>> = {
    values: [],
    percentiles: [0.5, 99.5],
    deviations: [-3, 3],
  };
  if (!Object.hasOwn(byDefault, intensity)) {
    throw new UsageError(
      `Option "intensity" of ${owner}: expected "values", "percentiles" or "deviations", received ${JSON.stringify(intensity)}.`,
    );
  }
  const ends = range.length > 0 ? range : (byDefault[intensity] as readonly number[]);
  const [low = 0, high = 0] = ends;
  const inside = intensity !== 'percentiles' || (low >= 0 && high <= 100);
  const expected = `[low, high]${intensity === 'percentiles' ? ' from 0 to 100' : ''}, low below high`;
  requireOption(owner, 'range', ends.length === 2 && low < high && inside, expected, range);
  if (intensity === 'values') return () => ({ low, high });
  return (values) => {
    const finite = values.filter(Number.isFinite);
    if (finite.length === 0) return { low: 0, high: 0 };
    if (intensity === 'percentiles') {
      const sorted = finite.sort();
      return { low: percentile(sorted, low), high: percentile(sorted, high) };
    }
    const { mean, deviation } = moments(finite);
    return { low: mean + low * deviation, high: mean + high * deviation };
  };
}

/** Scales in place: `low` becomes 0, `high` 1, what is beyond is clipped. A range of no width, and NaN, give 0. */
export function scaleToUnit(values: Float32Array, { low, high }: Range): Float32Array {
  const factor = high > low ? 1 / (high - low) : 0;
  for (let i = 0; i < values.length; i++) {
    const scaled = ((values[i] as number) - low) * factor;
    values[i] = scaled >= 1 ? 1 : scaled > 0 ? scaled : 0;
  }
  return values;
}
