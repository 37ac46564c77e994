// At which point of its curve an attack is compared.

import { UsageError } from '../../errors.ts';
import { formatEpsilon } from '../numbers.ts';
import type { CurveData, PointData } from '../page/data.ts';

/** For the curves of one norm. */
export interface Place {
  /** `pgd at 4/255`; the norm is said where it is not the usual one. */
  heading(attack: string): string;
  /** Undefined where the curve has no such point. */
  pointOf(curve: CurveData): PointData | undefined;
  /** Whether it is where a similarity is kept, at another epsilon of every curve. */
  readonly keeps: boolean;
  /** Whether all runs measured the same epsilons, so that areas can be compared. */
  readonly alike: boolean;
}

export interface PlaceOptions {
  readonly epsilon?: number;
  readonly similarity?: number;
}

export const sameEpsilon = (a: number, b: number) => Math.abs(a - b) < 1e-9;

export const attackIn = (attack: string, norm: string) => (norm === 'linf' ? attack : `${attack} (${norm})`);

/**
 * By norm, in the order of `runs`, which are the curves of each. A norm that was not measured at the epsilon that is
 * wanted is compared at the middle one of its own.
 */
export function placesOf(
  runs: readonly (readonly CurveData[])[],
  { epsilon: wanted, similarity }: PlaceOptions,
): ReadonlyMap<string, Place> {
  if (similarity !== undefined && wanted !== undefined)
    throw new UsageError('--epsilon and --similarity both say where attacks are compared. Give one of them.');
  const norms = [...new Set(runs.flatMap((curves) => curves.map(({ norm }) => norm)))];
  const measured = norms.map((norm) => ({ norm, ...epsilonsOf(norm, runs) }));
  const hasWanted = ({ common }: Measured) =>
    common.some((a) => wanted !== undefined && sameEpsilon(a, wanted));
  if (wanted !== undefined && !measured.some(hasWanted)) {
    const known = measured.flatMap(({ norm, common }) => common.map((a) => formatEpsilon(a, norm)));
    throw new UsageError(
      `--epsilon: expected one that every run was attacked with (${known.join(', ') || 'none'}), received ${formatEpsilon(wanted, norms.length === 1 ? (norms[0] as string) : '')}.`,
    );
  }
  return new Map(
    measured.map(({ norm, alike, ...one }) => {
      const epsilon = hasWanted({ alike, ...one }) ? wanted : one.common[(one.common.length - 1) >> 1];
      return [norm, { ...(similarity === undefined ? at(epsilon, norm) : keeping(similarity, norm)), alike }];
    }),
  );
}

interface Measured {
  /** Above 0, ascending, of all runs that measured in this norm. */
  readonly common: readonly number[];
  /** Whether no run measured others. */
  readonly alike: boolean;
}

function epsilonsOf(norm: string, runs: readonly (readonly CurveData[])[]): Measured {
  const lists = runs.flatMap((curves) => {
    const curve = curves.find((one) => one.norm === norm);
    return curve ? [curve.points.map(({ epsilon }) => epsilon)] : [];
  });
  const [first = [], ...others] = lists;
  return {
    common: first.filter((a) => a > 0 && others.every((list) => list.some((b) => sameEpsilon(a, b)))),
    alike: others.every(
      (list) => list.length === first.length && list.every((b, i) => sameEpsilon(b, first[i] as number)),
    ),
  };
}

function at(epsilon: number | undefined, norm: string): Omit<Place, 'alike'> {
  return {
    keeps: false,
    heading: (attack) => `${attackIn(attack, norm)} at ${formatEpsilon(epsilon ?? 0, norm)}`,
    pointOf: ({ points }) => points.find((one) => epsilon !== undefined && sameEpsilon(one.epsilon, epsilon)),
  };
}

function keeping(similarity: number, norm: string): Omit<Place, 'alike'> {
  return {
    keeps: true,
    heading: (attack) => `${attackIn(attack, norm)}, SSIM ≥ ${similarity}`,
    pointOf: ({ points }) =>
      points.findLast(({ epsilon, ssim }) => epsilon > 0 && ssim !== undefined && ssim >= similarity),
  };
}
