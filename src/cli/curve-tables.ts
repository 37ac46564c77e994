// What an evaluation says of its robustness curves beside the metric itself.

import { formatEpsilon } from '../report/numbers.ts';
import type { CurvePoint, RobustnessCurve, RobustnessCurves } from '../robustness/curve.ts';
import { tableOf } from './table.ts';

/** Each curve as one number or two; how much images change; the metric by class. */
export function curveTables({ curves, worst }: RobustnessCurves): string {
  const classes = worst.classes && worst.classes.length > 1 ? [classTable(worst)] : [];
  return [summaryTable([...curves, worst]), perturbationTable(worst), ...classes]
    .map((text) => `\n${text}`)
    .join('');
}

/** The number, or a dash where there is none. */
function cell<T>(value: T | undefined | null, format: (value: T) => string): string {
  return value === undefined || value === null ? '–' : format(value);
}

function summaryTable(curves: readonly RobustnessCurve[]): string {
  const halves = curves.some(({ median }) => median !== undefined);
  const seen = curves.some(({ unseen }) => unseen);
  const columns = [
    ['attack', ...curves.map(({ attack }) => attack)],
    ['area', ...curves.map(({ area }) => area.toFixed(3))],
    ...(halves
      ? [
          [
            'half fooled',
            ...curves.map(({ median, norm }) => cell(median, (value) => formatEpsilon(value, norm))),
          ],
        ]
      : []),
    ...(seen
      ? [
          [
            'unseen up to',
            ...curves.map(({ unseen, norm }) => cell(unseen, ({ epsilon }) => formatEpsilon(epsilon, norm))),
          ],
        ]
      : []),
  ];
  return `Area under the curve${halves ? '; the epsilon that fools the net on half of the images' : ''}${
    seen ? '; the largest with a mean SSIM of 0.97' : ''
  }\n${tableOf(columns)}`;
}

function perturbationTable({ norm, points }: RobustnessCurve): string {
  const column = (name: string, value: (point: CurvePoint) => string) => [name, ...points.map(value)];
  const mean = (key: 'psnr' | 'l2' | 'linf' | 'l1' | 'l0', digits: number) => (point: CurvePoint) =>
    cell(point.perturbation?.[key], (value) => value.toFixed(digits));
  const own = norm === 'l1' || norm === 'l0' ? [column(norm, mean(norm, 2))] : [];
  const columns = [
    column('epsilon', ({ epsilon }) => formatEpsilon(epsilon, norm)),
    column('images', ({ perturbation }) => `${perturbation?.images ?? 0}`),
    column('SSIM', ({ ssim }) => ssim.toFixed(4)),
    column('PSNR', mean('psnr', 1)),
    column('l2', mean('l2', 3)),
    column('linf', mean('linf', 4)),
    ...own,
  ];
  return `The images that the worst case hurts: how many, and how much they change\n${tableOf(columns)}`;
}

function classTable({ attack, norm, metric, points, classes = [] }: RobustnessCurve): string {
  const columns = [
    ['class', ...classes.map((one) => one.class)],
    ['images', ...classes.map(({ images }) => `${images}`)],
    ...points.map(({ epsilon }, i) => [
      formatEpsilon(epsilon, norm),
      ...classes.map(({ values }) => (values[i] as number).toFixed(3)),
    ]),
  ];
  return `By class: ${metric} at each epsilon, ${attack}\n${tableOf(columns)}`;
}
