import type { Callback } from '../callback.ts';
import { keepCheckpoints } from '../checkpoints.ts';
import { bestEpoch, bestMeasurement, robustMeasurement } from '../measurements.ts';

/**
 * Saves every epoch, and keeps the last, the best and the most robust; also the one before the last, which a
 * resumed run falls back to when the last is damaged.
 */
export function checkpoint(): Callback {
  return {
    name: 'checkpoint',
    async onRecord(run, record) {
      await run.saveCheckpoint();
      const records = [...run.records, record];
      const keep = new Set([record.epoch, record.epoch - 1]);
      for (const best of [bestMeasurement(run.experiment), robustMeasurement(run.experiment)]) {
        const epoch = best && bestEpoch(records, best);
        if (epoch !== undefined) keep.add(epoch);
      }
      run.later(() => keepCheckpoints(run.directory.path, keep));
    },
  };
}
