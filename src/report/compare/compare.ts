// Generalisation beside robustness: one row a net.

import { areaOf } from '../area.ts';
import type { PointData, RunData } from '../page/data.ts';
import { foldOf, type Group, groupRuns } from './groups.ts';
import { attackIn, type Place, placesOf, sameEpsilon } from './places.ts';
import { type ComparedSplit, isTested, type Source, sourceOf } from './sources.ts';

export type { ComparedSplit };

export interface CompareOptions {
  /** Default: test where every run was evaluated on it, else validation. */
  readonly split?: ComparedSplit;
  /** Of the columns of attacks; by default the middle one of those that all runs have. */
  readonly epsilon?: number;
  /**
   * In the place of an epsilon: of each attack on each run the largest measured one whose images have at least this mean
   * structural similarity.
   */
  readonly similarity?: number;
}

/** A figure of a run, or of several seeds or folds. */
export interface Figure {
  readonly mean: number;
  /** The standard deviation over runs; absent of a single one. */
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
  /** Of each run, where the data are divided into folds. */
  readonly folds: readonly number[];
  /** By the keys of the columns; of several runs those that each of them has. */
  readonly figures: Readonly<Record<string, Figure>>;
  /** Names of the flags of it and of its curves. */
  readonly flags: readonly string[];
}

export interface ComparedTable {
  readonly split: ComparedSplit;
  /** That was asked for. */
  readonly similarity?: number;
  /** Keys, which are also their headings, from left to right. */
  readonly columns: readonly string[];
  readonly nets: readonly ComparedNet[];
  /** Runs that ended before their last epoch, or have not come to it: `demo/20260101-000000-1 (3 of 8 epochs)`. */
  readonly unfinished: readonly string[];
  /** Whether the worst case of one net is over other attacks, in the same norm, than that of another. */
  readonly unlike: boolean;
  /** The axes of the plane, two of the columns; absent where the nets share no metric or no epsilon. */
  readonly plane?: { readonly clean: string; readonly robust: string };
}

/** Noise as visible as the worst case, in a table. */
export const CONTROL = 'noise as visible';

/** The metric of the curves on the images that are attacked, which are few: what their figures fall from. */
export const BEFORE = 'before attacks';

/** Throws `UsageError` where a run has nothing to compare. */
export function compareRuns(runs: readonly RunData[], options: CompareOptions = {}): ComparedTable {
  const split = options.split ?? (runs.every(isTested) ? 'test' : 'validation');
  const sources = new Map(runs.map((run) => [run, sourceOf(run, split)]));
  const places = placesOf(
    [...sources.values()].map(({ curves }) => curves),
    options,
  );
  const nets = groupRuns(runs).map((group) => compared(group, sources, places));
  const columns = [...new Set(nets.flatMap(({ figures }) => Object.keys(figures)))].sort(
    (a, b) => orderOf(a) - orderOf(b),
  );
  const plane = planeOf(runs, nets, places);
  const unfinished = runs
    .filter(({ records, epochs }) => records.length < epochs)
    .map(({ id, records, epochs }) => `${id} (${records.length} of ${epochs} epochs)`);
  const { similarity } = options;
  return {
    ...{ split, columns, nets, unfinished, unlike: areUnlike([...sources.values()]) },
    ...(similarity !== undefined && { similarity }),
    ...(plane && { plane }),
  };
}

function areUnlike(sources: readonly Source[]): boolean {
  const norms = new Set(sources.flatMap(({ curves }) => curves.map(({ norm }) => norm)));
  const attacksIn = (norm: string, { curves }: Source) =>
    curves
      .filter((curve) => curve.norm === norm && curve.attack !== 'worst')
      .map(({ attack }) => attack)
      .sort()
      .join();
  return [...norms].some(
    (norm) => new Set(sources.map((source) => attacksIn(norm, source)).filter((attacks) => attacks)).size > 1,
  );
}

/** Clean metrics, then attacks, then their worst case, then what belongs to it. */
function orderOf(column: string): number {
  if (column === BEFORE) return 0.5;
  if (column === CONTROL) return 3;
  if (!/ at |, SSIM | area$| of worst/.test(column)) return 0;
  if (!/worst/.test(column)) return 1;
  return column.startsWith('worst') ? 2 : 4;
}

function figuresOf({ clean, cleanIntervals, curves, control }: Source, places: ReadonlyMap<string, Place>) {
  const figures: Record<string, Figure> = {};
  for (const [metric, mean] of Object.entries(clean)) {
    figures[metric] = { mean, ...cleanIntervals?.[metric] };
  }
  const [first] = curves.find(({ attack }) => attack === 'worst')?.points ?? [];
  if (first?.epsilon === 0) figures[BEFORE] = figureOf(first);
  for (const curve of curves) {
    const { attack, norm } = curve;
    const { heading, pointOf, alike, keeps } = places.get(norm) as Place;
    const point = pointOf(curve);
    if (point) {
      const { ssim, epsilon } = point;
      figures[heading(attack)] = figureOf(point);
      if (attack === 'worst') {
        if (keeps) figures[`epsilon of ${attackIn(attack, norm)}`] = { mean: epsilon };
        if (ssim !== undefined)
          figures[`SSIM of ${keeps ? attackIn(attack, norm) : heading(attack)}`] = { mean: ssim };
      }
    }
    if (attack === 'worst' && alike) figures[`${attackIn(attack, norm)} area`] = { mean: areaOf(curve) };
  }
  const noise = controlOf({ curves, control }, places);
  return noise ? { ...figures, [CONTROL]: noise } : figures;
}

/** It belongs to the worst case that stands first. */
function controlOf(
  { curves, control }: Pick<Source, 'curves' | 'control'>,
  places: ReadonlyMap<string, Place>,
): Figure | undefined {
  const worst = curves.find(({ attack }) => attack === 'worst');
  const place = worst && places.get(worst.norm)?.pointOf(worst);
  const point = place && control?.points.find(({ epsilon }) => sameEpsilon(epsilon, place.epsilon));
  return point && figureOf(point);
}

function figureOf({ value: mean, low, high }: PointData): Figure {
  return { mean, ...(low !== undefined && high !== undefined && { low, high }) };
}

function compared(
  group: Group,
  sources: ReadonlyMap<RunData, Source>,
  places: ReadonlyMap<string, Place>,
): ComparedNet {
  const { experiment, net, differs } = group;
  const runs = repeatsIn(group);
  const own = runs.map((run) => sources.get(run) as Source);
  const each = own.map((source) => figuresOf(source, places));
  // A mean over some of the runs would look as one over all.
  const keys = Object.keys(each[0] ?? {}).filter((key) => each.every((figures) => key in figures));
  const flags = own.flatMap((source) => [...source.flags, ...source.curves.flatMap((curve) => curve.flags)]);
  return {
    ...{ experiment, net, differs },
    seeds: runs.map(({ seed }) => seed),
    folds: runs.flatMap((run) => foldOf(run) ?? []),
    figures: Object.fromEntries(
      keys.map((key) => [key, over(each.flatMap((figures) => figures[key] ?? []))] as const),
    ),
    flags: [...new Set(flags.map((flag) => flag.split(':')[0] ?? flag))],
  };
}

/** One run of each seed and fold: that with the most epochs, and of these the last. */
function repeatsIn({ runs }: Group): RunData[] {
  const repeats = new Map<string, RunData>();
  for (const run of runs) {
    const key = `${run.seed} ${foldOf(run)}`;
    const epochs = repeats.get(key)?.records.length ?? 0;
    if (run.records.length >= epochs) repeats.set(key, run);
  }
  return [...repeats.values()];
}

function over(figures: readonly Figure[]): Figure {
  const [only] = figures;
  if (figures.length === 1 && only) return only;
  const n = figures.length;
  const mean = figures.reduce((sum, figure) => sum + figure.mean, 0) / n;
  const squares = figures.reduce((sum, figure) => sum + (figure.mean - mean) ** 2, 0);
  return { mean, spread: Math.sqrt(squares / (n - 1)) };
}

/** In the first of the norms in which every net has a worst case. */
function planeOf(
  runs: readonly RunData[],
  nets: readonly ComparedNet[],
  places: ReadonlyMap<string, Place>,
): ComparedTable['plane'] {
  const [clean, ...others] = new Set(runs.map(({ metrics }) => metrics[0] ?? ''));
  if (others.length > 0 || !clean) return undefined;
  const robust = [...places.values()]
    .map(({ heading }) => heading('worst'))
    .find((column) => nets.every(({ figures }) => clean in figures && column in figures));
  return robust === undefined ? undefined : { clean, robust };
}
