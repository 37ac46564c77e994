// What is compared of a run.

import { UsageError } from '../../errors.ts';
import type { CurveData, MeasuredData, RunData } from '../page/data.ts';

export type ComparedSplit = 'test' | 'validation';

export interface Source {
  readonly clean: Readonly<Record<string, number>>;
  readonly cleanIntervals?: MeasuredData['cleanIntervals'];
  /** Of attacks, and called `worst` their worst case; those of one norm stand together. */
  readonly curves: readonly CurveData[];
  /** What makes the net itself doubtful. */
  readonly flags: readonly string[];
  /** Noise as visible as the first worst case. */
  readonly control?: MeasuredData['control'];
}

const evaluated = 'test, best checkpoint';

export const isTested = ({ measured }: RunData) => measured.some(({ label }) => label === evaluated);

/** Throws `UsageError` where the run has nothing to compare. */
export function sourceOf(run: RunData, split: ComparedSplit): Source {
  return split === 'test' ? tested(run) : validated(run);
}

function tested(run: RunData): Source {
  const main = run.measured.find(({ label }) => label === evaluated);
  if (!main) {
    throw new UsageError(
      `${run.id} was not evaluated on the test split. Run: medrobust evaluate ${run.id} --split test`,
    );
  }
  const { loss, ...clean } = main.clean ?? {};
  const norms = ['linf', 'l2', 'l1', 'l0'].map((norm) => `${evaluated}, ${norm}`);
  const inOtherNorms = run.measured.filter(({ label }) => norms.includes(label));
  return { clean, ...attackedIn([main, ...inOtherNorms]) };
}

/** Of the epochs that were attacked, the best; of all, where none was. */
function validated(run: RunData): Source {
  const attacked = run.records.filter(({ epoch }) => run.measured.some((one) => one.epoch === epoch));
  const candidates = attacked.length > 0 ? attacked : run.records;
  const deciding = run.best?.parts ?? [run.best?.measurement ?? ''];
  const sign = run.best?.better === 'lower' ? -1 : 1;
  // What was not measured decides nothing.
  const scoreOf = ({ measurements }: RunData['records'][number]) =>
    deciding.every((name) => measurements[name] !== undefined)
      ? sign * deciding.reduce((sum, name) => sum + (measurements[name] as number), 0)
      : Number.NEGATIVE_INFINITY;
  const [first, ...others] = candidates;
  if (!first) throw new UsageError(`${run.id} has no epoch yet: there is nothing to compare.`);
  const best = others.reduce((a, b) => (scoreOf(b) > scoreOf(a) ? b : a), first);
  const clean = run.metrics.flatMap((metric): [string, number][] => {
    const value = best.measurements[`validation/${metric}`];
    return value === undefined ? [] : [[metric, value]];
  });
  const measured = run.measured.filter(({ epoch }) => epoch === best.epoch);
  return { clean: Object.fromEntries(clean), ...attackedIn(measured) };
}

/** A single attack in a further norm is its own worst case, which need not be said twice. */
function attackedIn([main, ...others]: readonly MeasuredData[]): Omit<Source, 'clean'> {
  if (!main) return { curves: [], flags: [] };
  const withWorst = ({ curves, worst }: MeasuredData) => (worst ? [...curves, worst] : curves);
  const further = others.flatMap((one) => (one.curves.length > 1 ? withWorst(one) : one.curves));
  return {
    curves: [...withWorst(main), ...further],
    flags: [main, ...others].flatMap(({ flags = [] }) => flags),
    ...(main.cleanIntervals && { cleanIntervals: main.cleanIntervals }),
    ...(main.control && { control: main.control }),
  };
}
