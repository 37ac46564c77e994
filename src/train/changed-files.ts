// Whether the files of a dataset are those that a run began with.

import { stat } from 'node:fs/promises';
import type { Dataset } from '../data/dataset.ts';

/** So many files are looked at together. */
const TOGETHER = 64;

/**
 * The files of these datasets, tables first, that were written to after `time` (milliseconds since 1970), by the file system's own clock,
 * in their order. Of those that are not there any more, reading tells.
 */
export async function changedFiles(datasets: readonly Dataset[], time: number): Promise<string[]> {
  const all = datasets.flatMap((dataset) => [
    ...(dataset.tables ?? []),
    ...[...dataset.samples.keys()].flatMap((index) => dataset.filesOf?.(index) ?? []),
  ]);
  const files = [...new Set(all)];
  const changed: string[] = [];
  for (let start = 0; start < files.length; start += TOGETHER) {
    const some = files.slice(start, start + TOGETHER);
    const times = await Promise.all(
      some.map((file) =>
        stat(file).then(
          ({ mtimeMs }) => mtimeMs,
          () => 0,
        ),
      ),
    );
    changed.push(...some.filter((_, i) => (times[i] as number) > time));
  }
  return changed;
}
