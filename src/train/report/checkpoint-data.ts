import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Best, CheckpointData } from '../../report/page/data.ts';
import type { EpochRecord } from '../callback.ts';
import { checkpointedEpochs, checkpointName } from '../checkpoints.ts';
import type { Experiment } from '../experiment.ts';

/** The checkpoints that a run keeps, with why and what was measured. */
export async function readCheckpoints(
  run: string,
  experiment: Experiment,
  records: readonly EpochRecord[],
  { best, robustBest }: { readonly best: Best | undefined; readonly robustBest: Best | undefined },
): Promise<CheckpointData[]> {
  const epochs = await checkpointedEpochs(run);
  const shown = [
    ...experiment.metrics.map((metric) => `validation/${metric}`),
    ...(robustBest ? [robustBest.measurement] : []),
  ];
  const kept = epochs.map(async (epoch) => {
    const name = checkpointName(epoch);
    const measurements = records.find((record) => record.epoch === epoch)?.measurements ?? {};
    const why = [
      ...(epoch === epochs.at(-1) ? ['last'] : []),
      ...(epoch === best?.epoch ? [`best ${best.measurement}`] : []),
      ...(epoch === robustBest?.epoch ? [`best ${robustBest.measurement}`] : []),
    ];
    return {
      name,
      epoch,
      why: why.length > 0 ? why : ['the one before'],
      bytes: await sizeOf(join(run, name)),
      values: shown.flatMap((measurement): [string, number][] => {
        const value = measurements[measurement];
        return value === undefined ? [] : [[measurement, value]];
      }),
    };
  });
  return Promise.all(kept);
}

/** A checkpoint may be removed while it is looked at. */
async function sizeOf(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const sizes = names.map((name) =>
    stat(join(directory, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
