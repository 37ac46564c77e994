// Short names of runs, and which colours they have.

import type { RunData } from '../data.ts';

/** What tells the runs of a page apart: as little of their ids as does. */
export function shortNames(runs: readonly RunData[]): string[] {
  const candidates: ((run: RunData) => string)[] = [
    ({ net }) => net,
    ({ experiment }) => experiment,
    ({ net, seed }) => `${net}, seed ${seed}`,
    ({ experiment, seed }) => `${experiment}, seed ${seed}`,
  ];
  for (const candidate of candidates) {
    const names = runs.map(candidate);
    if (new Set(names).size === runs.length) return names;
  }
  return runs.map(({ id }) => id);
}
