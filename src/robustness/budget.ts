// Curves of as many images as there was time for.

import type { RobustnessCurve, RobustnessCurves } from './curve.ts';

/** What a measurement was given, and what it took. */
export interface Budget {
  readonly seconds: number;
  readonly used: number;
  /** How many images would have been attacked with time enough. */
  readonly asked: number;
}

/** The flag of a curve of fewer images than were asked for; undefined where it is whole. */
export function partialFlag({
  images,
  budget,
}: Pick<RobustnessCurve, 'images' | 'budget'>): string | undefined {
  if (!budget || images >= budget.asked) return undefined;
  const seconds = (value: number) => `${Number(value.toPrecision(3))} s`;
  return (
    `partial-curve: ${images} of ${budget.asked} images were attacked, in ${seconds(budget.used)} ` +
    `of ${seconds(budget.seconds)}.`
  );
}

/** Curves that say what time they were given, with a flag on each where that was not enough for all images. */
export function declareBudget(measured: RobustnessCurves, budget: Budget): RobustnessCurves {
  const declared = (curve: RobustnessCurve): RobustnessCurve => {
    const flag = partialFlag({ ...curve, budget });
    return { ...curve, budget, flags: [...curve.flags, ...(flag ? [flag] : [])] };
  };
  return { ...measured, curves: measured.curves.map(declared), worst: declared(measured.worst) };
}
