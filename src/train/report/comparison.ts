import { type ComparedTable, type CompareOptions, compareRuns } from '../../report/compare/compare.ts';
import { captionOf, plainTable } from '../../report/compare/formats.ts';
import { describePlane, drawPlaneSvg, planeOf } from '../../report/compare/plane.ts';
import type { Comparison, RunData } from '../../report/page/data.ts';
import { readRun } from './run-data.ts';

/** Throws `UsageError` for a directory that is not a run's, and for runs with nothing to compare. */
export async function readComparison(
  paths: readonly string[],
  options: CompareOptions = {},
): Promise<ComparedTable> {
  return compareRuns(await Promise.all(paths.map(readRun)), options);
}

/** For the page of several runs; undefined where one has nothing to compare yet. */
export function comparisonOf(runs: readonly RunData[]): Comparison | undefined {
  if (runs.length < 2 || runs.some(({ records }) => records.length === 0)) return undefined;
  const table = compareRuns(runs);
  const plane = planeOf(table);
  return {
    caption: captionOf(table),
    ...plainTable(table),
    ...(plane && {
      plane: {
        picture: `data:image/svg+xml;base64,${Buffer.from(drawPlaneSvg(plane)).toString('base64')}`,
        summary: describePlane(plane),
      },
    }),
  };
}
