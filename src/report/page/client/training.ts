// What the epochs recorded: losses, metrics, and how robustness went with them.

import { formatEpsilon, formatValue } from '../../numbers.ts';
import type { PageData, RunData } from '../data.ts';
import { chart } from './chart.ts';
import { type Child, h } from './dom.ts';
import { shortNames } from './names.ts';
import type { Series } from './plot.ts';
import type { Section } from './section.ts';
import { choice, chosenOf } from './state.ts';

/** A measurement over the epochs that recorded it. */
function lineOf({ records }: RunData, measurement: string): Series['points'] {
  return records.flatMap(({ epoch, measurements }) => {
    const y = measurements[measurement];
    return y === undefined ? [] : [{ x: epoch, y }];
  });
}

interface Line {
  readonly measurement: string;
  readonly name: string;
  /** Drawn in the colour of this other measurement, with dashes. */
  readonly beside?: string;
}

/** Of one run, a colour a line; of several, a colour a run and dashes a line. */
function linesOf(runs: readonly RunData[], lines: readonly Line[]): Series[] {
  const names = shortNames(runs);
  const several = runs.length > 1;
  return runs.flatMap((run, r) =>
    lines
      .map(({ measurement, name, beside }, i) => {
        const twin = lines.findIndex((line) => line.measurement === beside);
        const place = several ? r : twin < 0 ? i : twin;
        return {
          key: several ? `${run.id}-${measurement}` : measurement,
          name: several ? `${names[r]}, ${name}` : name,
          ...{ colour: place, mark: place },
          dash: several ? i : twin < 0 ? 0 : 1,
          points: lineOf(run, measurement),
        };
      })
      .filter(({ points }) => points.length > 0),
  );
}

const epochs = {
  xLabel: 'epoch',
  xName: 'epoch',
  formatX: (x: number) => String(x),
  greyLevels: false,
} as const;

function recorded(runs: readonly RunData[], pattern: RegExp): string[] {
  const found = runs.flatMap(({ records }) =>
    records.flatMap(({ measurements }) => Object.keys(measurements)),
  );
  return [...new Set(found)].filter((name) => pattern.test(name));
}

export function trainingSection({ runs }: PageData): Section {
  return {
    id: 'training',
    heading: 'Training',
    content() {
      if (runs.every(({ records }) => records.length === 0)) {
        return [h('p', { class: 'faint' }, 'The first epoch has not ended yet.')];
      }
      const losses = recorded(runs, /^[^/]+\/loss$/).map((name) => ({
        measurement: name,
        name: name.replace('/', ' '),
      }));
      // The learning rate is in other units.
      const metrics = recorded(runs, /^(validation|train)\/(?!loss$|learningRate$|robustness\/)/).map(
        (name) => ({
          measurement: name,
          name: name.replace('/', ' '),
        }),
      );
      return [
        h(
          'div',
          { class: 'charts' },
          chart({ ...epochs, id: 'loss', title: 'Loss', yLabel: 'loss', series: linesOf(runs, losses) }),
          chart({
            ...epochs,
            id: 'metrics',
            title: 'Metrics',
            yLabel: 'metric',
            series: linesOf(runs, metrics),
          }),
        ),
      ];
    },
  };
}

/** What is in the units of the metric: `robustness/<attack>/<norm>/<epsilon>`, or its area. */
const curveTag = /^robustness\/[^/]+\/[^/]+\/(auc|[\d.]+)$/;

/** The worst case on images of the training split, where it was measured. */
const trainedTag = /^train\/robustness\/worst\//;

/** `pgd, linf` of `robustness/pgd/linf/0.0314`. */
const attackOf = (measurement: string) => measurement.split('/').slice(1, 3).join(', ');

function nameOf(measurement: string): string {
  if (trainedTag.test(measurement)) return `${nameOf(measurement.slice('train/'.length))}, training images`;
  const [kind, attack, norm = '', epsilon] = measurement.split('/');
  if (kind !== 'robustness') return measurement.replace('/', ' ');
  return epsilon === 'auc' ? 'area under the curve' : `${attack} at ${levels(Number(epsilon), norm)}`;
}

/** Tags hold four decimals of an epsilon: those of a grey level mean it. */
function levels(epsilon: number, norm: string): string {
  const nearest = Math.round(epsilon * 255) / 255;
  return formatEpsilon(Math.abs(nearest - epsilon) < 6e-5 ? nearest : epsilon, norm);
}

/** How far the robust measure is below its best: robust overfitting, where the clean metric went on rising. */
function overfitting(run: RunData, prefix: string): string | undefined {
  const { robustBest, best, records } = run;
  const measured = records.filter(({ measurements }) => robustBest && robustBest.measurement in measurements);
  const last = measured.at(-1);
  if (!robustBest || !last || measured.length < 2) return undefined;
  const now = last.measurements[robustBest.measurement] as number;
  const lost = robustBest.better === 'higher' ? robustBest.value - now : now - robustBest.value;
  const what = 'The area under the worst-case curve';
  const training = ofTraining(last.measurements[`train/${robustBest.measurement}`]);
  if (last.epoch === robustBest.epoch || lost < 0.0005) {
    return `${prefix}${what} is at its best after the last epoch measured, ${last.epoch}: ${formatValue(now)}.${training}`;
  }
  const beside = best ? ` The clean measure (${best.measurement}) was best after epoch ${best.epoch}.` : '';
  return (
    `${prefix}${what} was best after epoch ${robustBest.epoch}, ${formatValue(robustBest.value)}, and is ` +
    `${formatValue(now)} after epoch ${last.epoch}: ${formatValue(lost)} lost since.${beside}${training}`
  );
}

function ofTraining(area: number | undefined): string {
  return area === undefined ? '' : ` On images of the training split it is ${formatValue(area)} then.`;
}

export function robustTrainingSection({ runs }: PageData): Section {
  return {
    id: 'robust-training',
    heading: 'Robustness while training',
    content(redraw) {
      const names = shortNames(runs);
      const attacks = [...new Set(recorded(runs, curveTag).map(attackOf))];
      if (attacks.length === 0) return [];
      const initial = attacks.find((attack) => attack.startsWith('worst,')) ?? (attacks[0] as string);
      const attack = chosenOf('training-attack', attacks, initial);
      const [name, norm] = attack.split(', ');
      const metric = runs[0]?.metrics[0] ?? '';
      const robust = recorded(runs, curveTag).filter((one) => attackOf(one) === attack);
      const epsilons = robust.filter((one) => !one.endsWith('/auc') && !/\/0\.0+$/.test(one));
      const area = robust.filter((one) => one.endsWith('/auc'));
      // What adversarial training records of its own examples stands beside, so that robust overfitting shows.
      const trained = recorded(runs, trainedTag).filter((one) => robust.includes(one.slice('train/'.length)));
      const beside = [`validation/${metric}`, ...recorded(runs, /^defence\//)];
      const trainedArea = trained.filter((one) => one.endsWith('/auc'));
      const single = [...area, ...beside, ...epsilons, ...trained.filter((one) => !/\/0\.0+$/.test(one))];
      const of = runs.length > 1 ? [...area, `validation/${metric}`, ...trainedArea] : single;
      const lines = of.map((measurement) => ({
        measurement,
        name: nameOf(measurement),
        ...(trainedTag.test(measurement) && { beside: measurement.slice('train/'.length) }),
      }));
      const findings = runs.map((run, i) => overfitting(run, runs.length > 1 ? `${names[i]}: ` : ''));
      return [
        h(
          'div',
          { class: 'controls' },
          choice('training-attack', 'Attack', attacks, { initial, onChange: redraw }),
        ),
        chart({
          ...epochs,
          id: 'robust-epochs',
          title: `${metric} under ${name} (${norm}) by epoch, and clean`,
          yLabel: metric,
          series: linesOf(runs, lines),
        }),
        ...findings.map((text): Child => text !== undefined && h('p', {}, text)),
      ];
    },
  };
}
