// From the intensities that a scanner happens to give to [0, 1], by what the training split holds.

import { type Choice, type Options, requireOption, resolveChoice, type Widen } from '../options.ts';
import type { Dataset } from './dataset.ts';

/** What becomes 0 and what becomes 1; beyond is clipped. */
export interface Window {
  readonly low: number;
  readonly high: number;
}

/** All values of one channel. */
export interface Tally {
  readonly count: number;
  readonly lowest: number;
  readonly highest: number;
  readonly mean: number;
  readonly deviation: number;
  /** The value that this share of all values does not exceed; exact for values of 16 bits and fewer. */
  quantile(share: number): number;
}

interface Fit<T extends Options> {
  readonly defaults: T;
  /** Throws `UsageError` for options out of range. */
  create(options: Widen<T>): (tally: Tally) => Window;
}

const defineFit = <const T extends Options>(fit: Fit<T>) => fit;

/** From one percentile to another: what is rare at the ends does not decide. */
const percentiles = defineFit({
  defaults: { low: 0.5, high: 99.5 },
  create({ low, high }) {
    const holds = low >= 0 && low < high && high <= 100;
    requireOption(
      'percentiles',
      'low',
      holds,
      'a percentage of at least 0, below "high" of at most 100',
      low,
    );
    return ({ quantile }) => ({ low: quantile(low / 100), high: quantile(high / 100) });
  },
});

/** As many standard deviations to either side of the mean. */
const zScore = defineFit({
  defaults: { deviations: 3 },
  create({ deviations }) {
    requireOption('zScore', 'deviations', deviations > 0, 'more than 0', deviations);
    return ({ mean, deviation }) => ({
      low: mean - deviations * deviation,
      high: mean + deviations * deviation,
    });
  },
});

export const intensities = { percentiles, zScore };

/** `{ name: 'percentiles', low: 1, high: 99 }`: a window by the training split, for each channel its own. */
export type IntensityChoice = Choice<typeof intensities>;

const BINS = 65536;

/** Takes in the values of one channel. */
export function createTally() {
  const bins = new Float64Array(BINS);
  let [count, sum, squares] = [0, 0, 0];
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return {
    /** Every `stride`-th value from `start` on. */
    add(values: Float32Array, start: number, stride: number) {
      let [ownSum, ownSquares] = [0, 0];
      for (let i = start; i < values.length; i += stride) {
        const value = values[i] as number;
        const bin = Math.round(Math.min(1, Math.max(0, value)) * (BINS - 1));
        bins[bin] = (bins[bin] as number) + 1;
        ownSum += value;
        ownSquares += value * value;
        if (value < lowest) lowest = value;
        if (value > highest) highest = value;
        count++;
      }
      sum += ownSum;
      squares += ownSquares;
    },
    tally(): Tally {
      const mean = sum / count;
      return {
        ...{ count, lowest, highest },
        mean,
        deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)),
        quantile(share) {
          let below = 0;
          for (let bin = 0; bin < BINS; bin++) {
            below += bins[bin] as number;
            if (below >= share * count && below > 0) return bin / (BINS - 1);
          }
          return 1;
        },
      };
    },
  };
}

/** Throws `UsageError` for an unknown name, an unknown option or one out of its range. */
function fitOf(choice: IntensityChoice): (tally: Tally) => Window {
  const fits: Readonly<Record<string, Fit<Options>>> = intensities;
  const { definition, options } = resolveChoice('intensity', fits, choice);
  return definition.create(options);
}

/** The same choice with every option filled in; throws `UsageError` where it does not hold. */
export function fillIntensity(choice: IntensityChoice): IntensityChoice {
  fitOf(choice);
  const { name, options } = resolveChoice(
    'intensity',
    intensities as Readonly<Record<string, Fit<Options>>>,
    choice,
  );
  return { name, ...options } as IntensityChoice;
}

/** Reads all of `train` and gives the window of each channel. A constant channel is left as it is. */
export async function fitIntensity(train: Dataset, choice: IntensityChoice): Promise<Window[]> {
  const fit = fitOf(choice);
  const channels = train.imageShape[2];
  const tallies = Array.from({ length: channels }, createTally);
  for (const index of train.samples.keys()) {
    const { pixels } = await train.read(index);
    for (const [channel, tally] of tallies.entries()) tally.add(pixels, channel, channels);
  }
  return tallies.map(({ tally }) => {
    const window = fit(tally());
    return window.high > window.low ? window : { low: 0, high: 1 };
  });
}

/** The images of `dataset`, each channel through its window. */
export function windowed(dataset: Dataset, windows: readonly Window[] | undefined): Dataset {
  if (windows === undefined) return dataset;
  const channels = dataset.imageShape[2];
  return {
    ...dataset,
    async read(index) {
      const sample = await dataset.read(index);
      const pixels = new Float32Array(sample.pixels.length);
      for (const [channel, { low, high }] of windows.entries()) {
        for (let i = channel; i < pixels.length; i += channels) {
          pixels[i] = Math.min(1, Math.max(0, ((sample.pixels[i] as number) - low) / (high - low)));
        }
      }
      return { ...sample, pixels };
    },
  };
}
