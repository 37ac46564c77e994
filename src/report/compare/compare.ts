// Generalisation beside robustness: one row a net.

import { UsageError } from '../../errors.ts';
import { areaOf } from '../area.ts';
import { formatEpsilon } from '../numbers.ts';
import type { CurveData, MeasuredData, RunData } from '../page/data.ts';
import { type Group, groupRuns } from './groups.ts';

export type ComparedSplit = 'test' | 'validation';

export interface CompareOptions {
  /** Default: test where every run was evaluated on it, else validation. */
  readonly split?: ComparedSplit;
  /** Of the columns of attacks; by default the middle one of those that all runs have. */
  readonly epsilon?: number;
}

/** A figure of a run, or of several seeds. */
export interface Figure {
  readonly mean: number;
  /** The standard deviation over seeds; absent of a single run. */
  readonly spread?: number;
  /** The 95 % interval of a single run, for the draw of the images. */
  readonly low?: number;
  readonly high?: number;
}

export interface ComparedNet {
  readonly experiment: string;
  readonly net: string;
  /** What tells it from others of this experiment and net. */
  readonly differs: string;
  readonly seeds: readonly number[];
  /** By the keys of the columns. */
  readonly figures: Readonly<Record<string, Figure>>;
  /** Names of the flags of its curves. */
  readonly flags: readonly string[];
}

export interface ComparedTable {
  readonly split: ComparedSplit;
  /** Keys, which are also their headings, from left to right. */
  readonly columns: readonly string[];
  readonly nets: readonly ComparedNet[];
  /** Runs that ended before their last epoch, or have not come to it: `demo/20260101-000000-1 (3 of 8 epochs)`. */
  readonly unfinished: readonly string[];
  /** The axes of the plane, two of the columns; absent where the nets share no metric or no epsilon. */
  readonly plane?: { readonly clean: string; readonly robust: string };
}

const evaluated = 'test, best checkpoint';

/** Throws `UsageError` where a run has nothing to compare. */
export function compareRuns(runs: readonly RunData[], options: CompareOptions = {}): ComparedTable {
  const isTested = ({ measured }: RunData) => measured.some(({ label }) => label === evaluated);
  const split = options.split ?? (runs.every(isTested) ? 'test' : 'validation');
  const sources = new Map(runs.map((run) => [run, split === 'test' ? tested(run) : validated(run)]));
  const curves = [...sources.values()].map((source) => curvesOf(source));
  const epsilons = chooseEpsilons(curves, options.epsilon);
  const nets = groupRuns(runs).map((group) => compared(group, sources, epsilons));
  const columns = [...new Set(nets.flatMap(({ figures }) => Object.keys(figures)))].sort(
    (a, b) => orderOf(a) - orderOf(b),
  );
  const plane = planeOf(runs, nets, epsilons);
  const unfinished = runs
    .filter(({ records, epochs }) => records.length < epochs)
    .map(({ id, records, epochs }) => `${id} (${records.length} of ${epochs} epochs)`);
  return { split, columns, nets, unfinished, ...(plane && { plane }) };
}

/** Clean metrics, then attacks, then their worst case, then what belongs to it. */
function orderOf(column: string): number {
  if (!/ at | area$/.test(column)) return 0;
  if (!/worst/.test(column)) return 1;
  return column.startsWith('worst') ? 2 : 3;
}

/** What is compared of a run. */
interface Source {
  readonly clean: Readonly<Record<string, number>>;
  readonly measured?: MeasuredData | undefined;
}

function tested(run: RunData): Source {
  const measured = run.measured.find(({ label }) => label === evaluated);
  if (!measured) {
    throw new UsageError(
      `${run.id} was not evaluated on the test split. Run: medrobust evaluate ${run.id} --split test`,
    );
  }
  const { loss, ...clean } = measured.clean ?? {};
  return { clean, measured };
}

/** Of the epochs that were attacked, the best; of all, where none was. */
function validated(run: RunData): Source {
  const attacked = run.records.filter(({ epoch }) => run.measured.some((one) => one.epoch === epoch));
  const candidates = attacked.length > 0 ? attacked : run.records;
  const deciding = run.best?.parts ?? [run.best?.measurement ?? ''];
  const sign = run.best?.better === 'lower' ? -1 : 1;
  const scoreOf = ({ measurements }: RunData['records'][number]) =>
    sign * deciding.reduce((sum, name) => sum + (measurements[name] ?? 0), 0);
  const [first, ...others] = candidates;
  if (!first) throw new UsageError(`${run.id} has no epoch yet: there is nothing to compare.`);
  const best = others.reduce((a, b) => (scoreOf(b) > scoreOf(a) ? b : a), first);
  const clean = run.metrics.flatMap((metric): [string, number][] => {
    const value = best.measurements[`validation/${metric}`];
    return value === undefined ? [] : [[metric, value]];
  });
  return {
    clean: Object.fromEntries(clean),
    measured: run.measured.find(({ epoch }) => epoch === best.epoch),
  };
}

function curvesOf({ measured }: Source): readonly CurveData[] {
  if (!measured) return [];
  return measured.worst ? [...measured.curves, measured.worst] : measured.curves;
}

/** By norm: the epsilon of its columns, and whether all runs measured the same ones. */
type Epsilons = ReadonlyMap<string, { readonly epsilon: number | undefined; readonly alike: boolean }>;

const same = (a: number, b: number) => Math.abs(a - b) < 1e-9;

function chooseEpsilons(runs: readonly (readonly CurveData[])[], wanted: number | undefined): Epsilons {
  const norms = new Set(runs.flatMap((curves) => curves.map(({ norm }) => norm)));
  const chosen = [...norms].map((norm) => {
    const lists = runs.flatMap((curves) => {
      const curve = curves.find((one) => one.norm === norm);
      return curve ? [curve.points.map(({ epsilon }) => epsilon)] : [];
    });
    const [first = [], ...others] = lists;
    const common = first.filter((a) => a > 0 && others.every((list) => list.some((b) => same(a, b))));
    const alike = others.every(
      (list) => list.length === first.length && list.every((b, i) => same(b, first[i] as number)),
    );
    if (wanted !== undefined && norms.size === 1 && !common.some((a) => same(a, wanted))) {
      const known = common.map((a) => formatEpsilon(a, norm)).join(', ') || 'none';
      throw new UsageError(
        `--epsilon: expected one that every run was attacked with (${known}), received ${formatEpsilon(wanted, norm)}.`,
      );
    }
    const epsilon =
      wanted === undefined ? common[(common.length - 1) >> 1] : common.find((a) => same(a, wanted));
    return [norm, { epsilon, alike }] as const;
  });
  return new Map(chosen);
}

/** The norm is said where it is not the usual one. */
const attackIn = (attack: string, norm: string) => (norm === 'linf' ? attack : `${attack} (${norm})`);

const atEpsilon = (attack: string, norm: string, epsilon: number) =>
  `${attackIn(attack, norm)} at ${formatEpsilon(epsilon, norm)}`;

function figuresOf({ clean, measured }: Source, curves: readonly CurveData[], epsilons: Epsilons) {
  const figures: Record<string, Figure> = {};
  for (const [metric, mean] of Object.entries(clean)) {
    figures[metric] = { mean, ...measured?.cleanIntervals?.[metric] };
  }
  for (const { attack, norm, points } of curves) {
    const { epsilon, alike } = epsilons.get(norm) ?? {};
    const point = points.find((one) => epsilon !== undefined && same(one.epsilon, epsilon));
    if (point && epsilon !== undefined) {
      const { value: mean, low, high, ssim } = point;
      const bounds = low !== undefined && high !== undefined ? { low, high } : {};
      figures[atEpsilon(attack, norm, epsilon)] = { mean, ...bounds };
      if (attack === 'worst' && ssim !== undefined) {
        figures[`SSIM of ${atEpsilon(attack, norm, epsilon)}`] = { mean: ssim };
      }
    }
    if (attack === 'worst' && alike) figures[`${attackIn(attack, norm)} area`] = { mean: areaOf({ points }) };
  }
  return figures;
}

function compared(group: Group, sources: ReadonlyMap<RunData, Source>, epsilons: Epsilons): ComparedNet {
  const { experiment, net, differs, runs } = group;
  const own = runs.map((run) => sources.get(run) as Source);
  const each = own.map((source) => figuresOf(source, curvesOf(source), epsilons));
  const keys = [...new Set(each.flatMap((figures) => Object.keys(figures)))];
  const flags = own.flatMap((source) => curvesOf(source).flatMap((curve) => curve.flags));
  return {
    ...{ experiment, net, differs, seeds: runs.map(({ seed }) => seed) },
    figures: Object.fromEntries(
      keys.map((key) => [key, over(each.flatMap((figures) => figures[key] ?? []))] as const),
    ),
    flags: [...new Set(flags.map((flag) => flag.split(':')[0] ?? flag))],
  };
}

function over(figures: readonly Figure[]): Figure {
  const [only] = figures;
  if (figures.length === 1 && only) return only;
  const n = figures.length;
  const mean = figures.reduce((sum, figure) => sum + figure.mean, 0) / n;
  const squares = figures.reduce((sum, figure) => sum + (figure.mean - mean) ** 2, 0);
  return { mean, spread: Math.sqrt(squares / (n - 1)) };
}

function planeOf(runs: readonly RunData[], nets: readonly ComparedNet[], epsilons: Epsilons) {
  const [clean, ...others] = new Set(runs.map(({ metrics }) => metrics[0] ?? ''));
  const [[norm, chosen] = [], ...more] = [...epsilons];
  if (others.length > 0 || more.length > 0 || !clean || !norm || chosen?.epsilon === undefined)
    return undefined;
  const robust = atEpsilon('worst', norm, chosen.epsilon);
  const known = nets.every(({ figures }) => clean in figures && robust in figures);
  return known ? { clean, robust } : undefined;
}
