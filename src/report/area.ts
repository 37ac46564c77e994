import type { CurveData } from './page/data.ts';

/** Mean of a curve over [0, largest epsilon], by the trapezoid rule, as records have it. */
export function areaOf({ points }: Pick<CurveData, 'points'>): number {
  const last = points.at(-1)?.epsilon ?? 0;
  if (last === 0) return points[0]?.value ?? Number.NaN;
  return points.slice(1).reduce((area, { epsilon, value }, i) => {
    const before = points[i] as CurveData['points'][number];
    return area + ((value + before.value) / 2) * ((epsilon - before.epsilon) / last);
  }, 0);
}
