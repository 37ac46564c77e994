// Runs that differ in nothing but their seed and their fold are one net.

import type { RunData } from '../page/data.ts';

export interface Group {
  readonly experiment: string;
  readonly net: string;
  /** What tells it from others of the same experiment and net: `net.filters=32`; empty where nothing need. */
  readonly differs: string;
  readonly runs: readonly RunData[];
}

type Leaves = ReadonlyMap<string, string>;

/** Paths of what repeated runs of one experiment differ in. */
const repeated = ['seed', 'data.split.fold'];

/** Every value of an experiment by its path, but for the seed and the fold. */
function leavesOf({ definition }: RunData): Leaves {
  const leaves = new Map<string, string>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) visit(inner, path ? `${path}.${key}` : key);
    } else if (!repeated.includes(path)) leaves.set(path, String(value));
  };
  visit(JSON.parse(definition), '');
  return leaves;
}

const keyOf = (leaves: Leaves) => JSON.stringify([...leaves].sort(([a], [b]) => (a < b ? -1 : 1)));

/** In the order of the runs. */
export function groupRuns(runs: readonly RunData[]): Group[] {
  const groups = new Map<string, { leaves: Leaves; runs: RunData[] }>();
  for (const run of runs) {
    const leaves = leavesOf(run);
    const found = groups.get(keyOf(leaves));
    if (found) found.runs.push(run);
    else groups.set(keyOf(leaves), { leaves, runs: [run] });
  }
  const all = [...groups.values()];
  return all.map(({ leaves, runs: own }) => {
    const [{ experiment, net }] = own as [RunData];
    const alike = all.filter(({ runs: [other] }) => other?.experiment === experiment && other.net === net);
    const differs = alike.length > 1 ? differences(leaves, alike) || own[0]?.id || '' : '';
    return { experiment, net, differs, runs: own };
  });
}

/** Options that not all of them have are those of another version of the program, and tell little. */
function differences(leaves: Leaves, others: readonly { readonly leaves: Leaves }[]): string {
  return [...leaves]
    .filter(([path]) => others.every((other) => other.leaves.has(path)))
    .filter(([path, value]) => others.some((other) => other.leaves.get(path) !== value))
    .map(([path, value]) => `${path}=${value}`)
    .join(', ');
}

/** Which part of its data a run validates on; undefined where they are not divided into folds. */
export function foldOf({ definition }: RunData): number | undefined {
  const { data } = JSON.parse(definition) as { data?: { split?: { fold?: number } } };
  return data?.split?.fold;
}
