// From measurements to the lines of a chart.

import type { CurveData, MeasuredData, PointData, RunData } from '../data.ts';
import type { Point, Series } from './plot.ts';

export const all = 'all classes';
export const enveloped = 'worst up to each epsilon';
export const raw = 'each epsilon by itself (raw)';

/** The curves of a measurement and its worst case, which says nothing new where there is one attack. */
export function curvesOf({ curves, worst }: MeasuredData): readonly CurveData[] {
  return worst && curves.length > 1 ? [...curves, worst] : curves;
}

function pointsOf(curve: CurveData, which: string, name: string): Point[] {
  if (name !== all) {
    const values = curve.classes?.find((one) => one.name === name)?.values ?? [];
    return curve.points.map(({ epsilon }, i) => ({ x: epsilon, y: values[i] ?? Number.NaN }));
  }
  if (which === raw) {
    return curve.points.map(({ epsilon }, i) => ({ x: epsilon, y: curve.raw?.[i] ?? Number.NaN }));
  }
  return curve.points.map(({ epsilon, value, low, high }) => ({
    x: epsilon,
    y: value,
    ...(low !== undefined && { low }),
    ...(high !== undefined && { high }),
  }));
}

/** One of the measurements of a run; the last of an epoch by default. */
export interface Measured {
  readonly run: RunData;
  readonly name: string;
  readonly measured: MeasuredData;
}

export interface Shown {
  readonly series: Series[];
  readonly hidden: Set<string>;
}

/** Of one run, a colour an attack and dashes a class; of several, a colour a run and dashes an attack. */
export function seriesOf(
  chosen: readonly Measured[],
  which: string,
  classes: readonly string[],
  norm: string,
): Shown {
  const several = chosen.length > 1;
  // Of several runs, the worst case is what is compared, and what is drawn without dashes.
  const shownOf = ({ curves, worst }: MeasuredData) => (worst ? [worst, ...curves] : curves);
  const drawnOf = several ? shownOf : curvesOf;
  const attacks = [
    ...new Set(chosen.flatMap(({ measured }) => drawnOf(measured).map(({ attack }) => attack))),
  ];
  const hidden = new Set<string>();
  const series = chosen.flatMap(({ run, name, measured }, r) =>
    drawnOf(measured)
      .filter((curve) => curve.norm === norm)
      .flatMap((curve) =>
        classes.map((group, g): Series => {
          const a = attacks.indexOf(curve.attack);
          const names = [...(several ? [name] : []), curve.attack, ...(group === all ? [] : [group])];
          const key = [...(several ? [run.id] : []), curve.attack, group].join('-');
          // The curves to quote first; the others at a click.
          if (several && curve.attack !== 'worst' && attacks.includes('worst')) hidden.add(key);
          return {
            key,
            name: names.join(', '),
            colour: several ? r : a,
            mark: several ? r : a,
            dash: several ? a : g,
            points: pointsOf(curve, which, group),
            beneath: !several && curve.attack === 'worst' && group === all && which !== raw,
          };
        }),
      ),
  );
  // Noise that is as visible as the worst case has no raw values, and no classes.
  for (const [r, { run, name, measured }] of chosen.entries()) {
    // It belongs to the worst case, which is measured in one norm.
    if (measured.worst?.norm !== norm) continue;
    if (!measured.control || which === raw || !classes.includes(all)) continue;
    const key = `${several ? `${run.id}-` : ''}control`;
    if (several) hidden.add(key);
    series.push({
      key,
      name: `${several ? `${name}, ` : ''}${measured.control.noise}, as visible as the worst case`,
      colour: several ? r : attacks.length,
      mark: 3,
      dash: several ? attacks.length : 1,
      points: measured.control.points.map((point) => ({
        x: point.epsilon,
        y: point.value,
        ...boundsOf(point),
      })),
    });
  }
  return { series, hidden };
}

function boundsOf({ low, high }: PointData) {
  return { ...(low !== undefined && { low }), ...(high !== undefined && { high }) };
}
