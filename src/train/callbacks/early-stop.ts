import type { Callback, EpochRecord, Run } from '../callback.ts';
import { bestEpoch, betterOfMeasure, nameOfMeasure, valueOfMeasure } from '../measurements.ts';

/**
 * Ends the run when a measurement has not improved for `patience` of the epochs that recorded it.
 *
 * Reads the records and keeps nothing, so a resumed run stops where an uninterrupted one would.
 */
export function earlyStop(): Callback {
  return {
    name: 'earlyStop',
    onRunStart(run) {
      stopIfStale(run, run.records);
    },
    onRecord(run, record) {
      stopIfStale(run, [...run.records, record]);
    },
  };
}

function stopIfStale(run: Run, records: readonly EpochRecord[]): void {
  const { earlyStop: options } = run.experiment;
  if (!options) return;
  const { measurement, patience, better = betterOfMeasure(run.experiment, measurement) } = options;
  const measured = records.filter(
    ({ measurements }) => valueOfMeasure(measurements, measurement) !== undefined,
  );
  const best = bestEpoch(measured, { measurement, better });
  if (best === undefined) return;
  const since = measured.filter(({ epoch }) => epoch > best).length;
  if (since >= patience) run.stop(`${nameOfMeasure(measurement)} has not improved since epoch ${best}`);
}
