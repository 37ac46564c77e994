// Robustness curves: of one run, its attacks and classes; of several, the same attack beside itself.

import { areaOf } from '../../area.ts';
import { formatCount, formatEpsilon, formatValue } from '../../numbers.ts';
import type { CurveData, MeasuredData, PageData, RunData } from '../data.ts';
import { chart } from './chart.ts';
import { all, curvesOf, enveloped, type Measured, raw, seriesOf } from './curve-series.ts';
import { type Child, h, table } from './dom.ts';
import { shortNames } from './names.ts';
import type { Section } from './section.ts';
import { choice, chosenOf, fold, recall, toggle } from './state.ts';

function chooseMeasured({ runs }: PageData, redraw: () => void): { controls: Child[]; chosen: Measured[] } {
  const names = shortNames(runs);
  if (runs.length === 1) {
    const [run] = runs as [RunData];
    const labels = run.measured.map(({ label }) => label);
    const initial = run.measured.findLast(({ epoch }) => epoch !== undefined)?.label ?? labels[0] ?? '';
    const label = chosenOf('measured', labels, initial);
    const measured = run.measured.find((one) => one.label === label);
    return {
      controls: [choice('measured', 'Measured on', labels, { initial, onChange: redraw })],
      chosen: measured ? [{ run, name: names[0] ?? '', measured }] : [],
    };
  }
  // Splits that all runs were measured on, apart for a norm of their own; of each run, its last measurement there.
  const splitOf = ({ label }: MeasuredData) => {
    const [split, , norm] = label.split(', ');
    return norm ? `${split}, ${norm}` : (split ?? label);
  };
  const splits = [...new Set(runs.flatMap(({ measured }) => measured.map(splitOf)))];
  const shared = splits.filter((split) =>
    runs.every((run) => run.measured.some((one) => splitOf(one) === split)),
  );
  const options = shared.length > 0 ? shared : splits;
  const initial = options.includes('test') ? 'test' : (options[0] ?? '');
  const split = chosenOf('measured', options, initial);
  return {
    controls: [choice('measured', 'Measured on', options, { initial, onChange: redraw })],
    chosen: runs.flatMap((run, i) => {
      const measured = run.measured.findLast((one) => splitOf(one) === split);
      return measured ? [{ run, name: names[i] ?? '', measured }] : [];
    }),
  };
}

const inNorm = (value: number | undefined, norm: string) =>
  value === undefined ? '–' : formatEpsilon(value, norm);

function pointRows({ attack, norm, points, raw: own }: CurveData): string[][] {
  return points.map(({ epsilon, ssim, psnr, l2, linf, ...point }, i) => [
    `${attack}, ${formatEpsilon(epsilon, norm)}`,
    formatValue(point.value),
    point.low === undefined ? '–' : `${formatValue(point.low)} to ${formatValue(point.high)}`,
    formatValue(own?.[i]),
    ssim === undefined ? '–' : ssim.toFixed(4),
    psnr === undefined || !Number.isFinite(psnr) ? '–' : psnr.toFixed(1),
    inNorm(l2, 'l2'),
    inNorm(linf, 'linf'),
  ]);
}

const pointColumns = ['attack, epsilon', 'value', '95 % interval', 'raw', 'SSIM', 'PSNR (dB)', 'L2', 'L∞'];

/** Columns in which nothing stands are left out. */
function dense(columns: readonly string[], rows: readonly (readonly string[])[]) {
  const kept = columns.map((_, i) => i === 0 || rows.some((row) => row[i] !== '–'));
  const pick = <T>(values: readonly T[]) => values.filter((_, i) => kept[i]);
  return [pick(columns), rows.map(pick)] as const;
}

function summaryTable({ measured, name }: Measured, several: boolean): HTMLElement {
  const rows = curvesOf(measured).map((curve) => {
    const { attack, norm, median, unseen } = curve;
    return [
      attack,
      formatValue(areaOf(curve)),
      median === undefined ? '–' : median === null ? 'above all' : formatEpsilon(median, norm),
      unseen === undefined ? '–' : formatEpsilon(unseen, norm),
    ];
  });
  const [columns, cells] = dense(['attack', 'area under the curve', 'half fooled at', 'unseen up to'], rows);
  return table(`Each curve as a number${several ? `: ${name}` : ''}`, columns, cells);
}

function costTable({ measured, name }: Measured, several: boolean): HTMLElement {
  const rows = measured.curves.map(({ attack, images, cost }) => [
    attack,
    formatCount(images),
    cost ? formatCount(cost.gradients) : '–',
    cost ? formatCount(cost.forwards) : '–',
    cost ? formatValue(cost.seconds) : '–',
  ]);
  const columns = ['attack', 'images', 'gradients', 'passes', 'seconds'];
  return table(`What the attacks cost${several ? `: ${name}` : ''}`, columns, rows);
}

export function robustnessSection(data: PageData): Section {
  return {
    id: 'robustness',
    heading: 'Robustness',
    content(redraw) {
      if (data.runs.every(({ measured }) => measured.length === 0)) {
        return [h('p', { class: 'faint' }, 'No robustness curve yet: nothing was attacked so far.')];
      }
      const { controls, chosen } = chooseMeasured(data, redraw);
      const curves = chosen.flatMap(({ measured }) => curvesOf(measured));
      const norms = [...new Set(curves.map(({ norm }) => norm))];
      if (norms.length === 0) return [...controls, h('p', { class: 'faint' }, 'Nothing was attacked here.')];
      const norm = chosenOf('norm', norms, norms[0] ?? '');
      const which = chosenOf('which', [enveloped, raw], enveloped);
      const names = [...new Set(curves.flatMap(({ classes = [] }) => classes.map(({ name }) => name)))];
      const classes = [all, ...names].filter((name, i) => recall(`class-${name}`, i === 0));
      const bands = recall('bands', true) && which !== raw;
      const { series, hidden } = seriesOf(chosen, which, classes, norm);
      const metrics = [...new Set(curves.map(({ metric }) => metric))].join(', ');
      const images = [...new Set(curves.map((curve) => curve.images))].join(', ');
      const several = chosen.length > 1;
      return [
        h(
          'div',
          { class: 'controls' },
          ...controls,
          norms.length > 1 && choice('norm', 'Norm', norms, { initial: norm, onChange: redraw }),
          choice('which', 'Values', [enveloped, raw], { initial: enveloped, onChange: redraw }),
          toggle('bands', '95 % intervals', { onChange: redraw }),
        ),
        names.length > 0 &&
          h(
            'fieldset',
            { class: 'controls' },
            h('legend', {}, 'Classes'),
            ...[all, ...names].map((name, i) =>
              toggle(`class-${name}`, name, { initial: i === 0, onChange: redraw }),
            ),
          ),
        chart({
          id: 'curves',
          title: `${metrics} of ${images} images under attack`,
          xLabel: `epsilon (${norm}${norm === 'linf' ? ', of the range of a pixel' : ''})`,
          xName: 'epsilon',
          yLabel: metrics,
          formatX: (x) => formatEpsilon(x, norm),
          greyLevels:
            norm === 'linf' && inGreyLevels(series.flatMap(({ points }) => points.map(({ x }) => x))),
          series,
          hidden,
          bands,
        }),
        ...(several
          ? [fold('summary-table', 'Each curve as a number', ...chosen.map((one) => summaryTable(one, true)))]
          : chosen.map((one) => summaryTable(one, false))),
        fold(
          'points-table',
          'Values, intervals, similarity and norms at every epsilon',
          ...chosen.map(({ measured, name }) => {
            const rows = curvesOf(measured).flatMap(pointRows);
            const [columns, cells] = dense(pointColumns, rows);
            return table(several ? `${name}: ${measured.label}` : measured.label, columns, cells);
          }),
        ),
        fold('cost-table', 'What the attacks cost', ...chosen.map((one) => costTable(one, several))),
      ];
    },
  };
}

/** Whether an axis of these is best written as k/255. */
const inGreyLevels = (epsilons: readonly number[]) =>
  Math.max(...epsilons) >= 1 / 256 && Math.max(...epsilons) <= 0.5;

/** The metric of each class, clean and at every epsilon, of the worst case or the only attack. */
export function classSection({ runs }: PageData): Section {
  return {
    id: 'classes',
    heading: 'Classes',
    content() {
      const names = shortNames(runs);
      return runs.flatMap(({ measured }, i) => {
        const last = measured.findLast((one) => curvesOf(one).some(({ classes }) => classes?.length));
        const curve = last && curvesOf(last).findLast(({ classes }) => classes?.length);
        if (!curve || !last) return [];
        const title = `${curve.metric} of each class under ${curve.attack} (${last.label}${runs.length > 1 ? `, ${names[i]}` : ''})`;
        const counted = curve.classes?.some(({ images }) => images !== undefined);
        const columns = [
          'class',
          ...(counted ? ['images'] : []),
          ...curve.points.map(({ epsilon }) => formatEpsilon(epsilon, curve.norm)),
        ];
        const rows = (curve.classes ?? []).map(({ name, images, values }) => [
          name,
          ...(counted ? [images === undefined ? '–' : formatCount(images)] : []),
          ...values.map(formatValue),
        ]);
        return [table(title, columns, rows)];
      });
    },
  };
}
