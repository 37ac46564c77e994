import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EpochRecord, Run } from '../../src/train/callback.ts';
import { earlyStop } from '../../src/train/callbacks/early-stop.ts';
import { duration, progress } from '../../src/train/callbacks/progress.ts';
import type { Experiment } from '../../src/train/experiment.ts';
import { bestEpoch, betterOf, measurementsOf, splitTimes } from '../../src/train/measurements.ts';
import { classification as tiny } from './support.ts';

const recordsOf = (name: string, values: (number | undefined)[]): EpochRecord[] =>
  values.map((value, i) => ({
    epoch: i + 1,
    step: i,
    measurements: value === undefined ? {} : { [name]: value },
  }));

/** The epochs after which early stopping ends a run with these values, fed one by one. */
function stopsAfter(stop: NonNullable<Experiment['earlyStop']>, values: (number | undefined)[]): number[] {
  const records = recordsOf(stop.measurement as string, values);
  const stopped: number[] = [];
  for (const record of records) {
    const run = {
      experiment: { ...tiny, earlyStop: stop },
      records: records.slice(0, record.epoch - 1),
      stop: () => stopped.push(record.epoch),
    } as unknown as Run;
    void earlyStop().onRecord?.(run, record);
  }
  return stopped;
}

test('early stopping waits for its patience, in epochs that measured', () => {
  const accuracy = { measurement: 'validation/accuracy', patience: 2 };
  assert.deepEqual(stopsAfter(accuracy, [0.5, 0.6, 0.6, 0.7, 0.7]), []);
  assert.deepEqual(stopsAfter(accuracy, [0.5, 0.6, 0.6, 0.5]), [4]);
  assert.deepEqual(stopsAfter(accuracy, [0.6, undefined, undefined, 0.5, undefined, 0.6]), [6]);
  assert.deepEqual(stopsAfter({ measurement: 'validation/loss', patience: 2 }, [3, 2, 1, 2, 1]), [5]);
  assert.deepEqual(stopsAfter({ ...accuracy, better: 'lower' }, [0.5, 0.6, 0.7]), [3]);
});

test('a resumed run that had to stop does so before it trains', () => {
  const reasons: string[] = [];
  const run = {
    experiment: { ...tiny, earlyStop: { measurement: 'validation/accuracy', patience: 1 } },
    records: recordsOf('validation/accuracy', [0.5, 0.4]),
    stop: (reason: string) => reasons.push(reason),
  };
  void earlyStop().onRunStart?.(run as unknown as Run);
  assert.equal(reasons.length, 1);
});

test('the best epoch is the first of equals', () => {
  const records = recordsOf('a', [1, 3, undefined, 3, 2]);
  assert.equal(bestEpoch(records, { measurement: 'a', better: 'higher' }), 2);
  assert.equal(bestEpoch(records, { measurement: 'a', better: 'lower' }), 1);
  assert.equal(bestEpoch(records, { measurement: 'b', better: 'lower' }), undefined);
});

test('losses are better when lower, measurements of a metric as the metric is', () => {
  assert.deepEqual(
    ['train/loss', 'validation/loss', 'validation/auroc', 'robustness/pgd/linf/auc'].map((name) =>
      betterOf(tiny, name),
    ),
    ['lower', 'lower', 'higher', 'higher'],
  );
});

test('epsilons are named by four decimals, with 0 and the worst case among them', () => {
  const names = measurementsOf({ ...tiny, robustness: { ...tiny.robustness, epsilons: [4 / 255] } });
  assert.ok(names.includes('robustness/pgd/linf/0.0157'));
  assert.ok(names.includes('robustness/worst/linf/0.0000'));
});

test('times and figures that are not finite are kept out of measurements', () => {
  const { measurements, times } = splitTimes({ a: 1, b: Number.NaN, 'time/train': 2, 'time/x': Number.NaN });
  assert.deepEqual(measurements, { a: 1 });
  assert.deepEqual(times, { 'time/train': 2 });
});

/** What progress shows of two epochs of two batches. */
function shown(isTTY: boolean): string {
  let text = '';
  const screen = { isTTY, columns: 80, write: (part: string) => (text += part) };
  const { onBatchEnd, onMeasure, onRecord, onRunEnd } = progress(screen);
  const run = { experiment: tiny } as unknown as Run;
  for (const epoch of [1, 2]) {
    for (const batch of [0, 1])
      onBatchEnd?.(run, { epoch, step: epoch * 2 + batch, batch, batches: 2, loss: 0.5 });
    void onMeasure?.(run, { epoch, step: epoch * 2 });
    void onRecord?.(run, {
      epoch,
      step: epoch * 2,
      measurements: { 'train/loss': 0.5, 'validation/accuracy': 0.75 },
    });
  }
  void onRunEnd?.(run);
  return text;
}

test('away from a terminal, progress is one plain line an epoch', () => {
  const lines = shown(false).trimEnd().split('\n');
  assert.equal(lines.length, 2);
  assert.match(lines[1] ?? '', /^epoch 2\/4 {2}loss 0\.5000 .*accuracy 0\.7500/);
  assert.ok(!shown(false).includes('\x1b'));
});

test('on a terminal, a bar is redrawn in its line, within the width', () => {
  const parts = shown(true)
    .split('\r')
    .filter((part) => part.includes('left'));
  assert.equal(parts.length, 4);
  for (const part of parts) assert.ok(part.replace('\x1b[K', '').length < 80 && !part.includes('\n'));
});

test('durations are said in the unit that fits', () => {
  assert.deepEqual([1.25, 42, 170, 7500].map(duration), ['1.3 s', '42 s', '3 min', '2 h 5 min']);
});
