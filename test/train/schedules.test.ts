import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { useEngine } from '../../src/engine/engine.ts';
import { UsageError } from '../../src/errors.ts';
import type { EpochRecord } from '../../src/train/callback.ts';
import { checkExperiment } from '../../src/train/check-experiment.ts';
import type { Experiment } from '../../src/train/experiment.ts';
import * as registry from '../../src/train/schedules/registry.ts';
import { learningRateShare, type ScheduleChoice } from '../../src/train/schedules.ts';
import { resume, train } from '../../src/train/train.ts';
import tiny from '../e2e/tiny.ts';
import { assertClose } from '../support.ts';
import { segmentation, temporaryDirectory } from './support.ts';

before(() => useEngine('auto'));

const batches = 4;

function recordsOf(measurement: string, values: readonly number[]): EpochRecord[] {
  return values.map((value, i) => ({
    epoch: i + 1,
    step: (i + 1) * batches,
    measurements: { [measurement]: value },
  }));
}

/** The share of every step, `batches` of them an epoch. */
function sharesOf(schedule: ScheduleChoice, epochs: number): number[] {
  const experiment: Experiment = { ...tiny, schedule, epochs };
  return Array.from({ length: epochs * batches }, (_, step) =>
    learningRateShare(experiment, { passed: step / batches, step: 1 / batches, records: [] }),
  );
}

describe('every schedule', () => {
  for (const name of Object.keys(registry) as (keyof typeof registry)[]) {
    test(`${name} gives shares in [0, 1], the largest 1`, () => {
      for (const warmUp of [0, 1, 1.5]) {
        const shares = sharesOf({ name, warmUp } as ScheduleChoice, 10);
        assert.ok(shares.every((share) => share >= 0 && share <= 1));
        assertClose([Math.max(...shares)], [1], { relative: 0.02 });
      }
    });

    test(`${name} warms up evenly`, () => {
      const [warm, cold] = [sharesOf({ name, warmUp: 2 } as ScheduleChoice, 10), sharesOf({ name }, 8)];
      const ramp = Array.from({ length: 8 }, (_, step) => ((step + 1) / 8) * (cold[0] as number));
      assertClose(warm, [...ramp, ...cold]);
    });
  }
});

test('without a schedule the rate stays', () => {
  assert.equal(learningRateShare(tiny, { passed: 3, step: 1, records: [] }), 1);
});

test('step falls after every so many epochs', () => {
  const shares = sharesOf({ name: 'step', every: 2, decay: 0.5 }, 5);
  assertClose(shares, [...Array(8).fill(1), ...Array(8).fill(0.5), ...Array(4).fill(0.25)]);
});

test('cosine and polynomial are half way in the middle, by their powers, and end at the floor', () => {
  const at = (schedule: ScheduleChoice, passed: number) =>
    learningRateShare({ ...tiny, epochs: 8, schedule }, { passed, step: 0, records: [] });
  assertClose([at({ name: 'cosine' }, 4), at({ name: 'cosine', floor: 0.2 }, 4)], [0.5, 0.6]);
  assertClose([at({ name: 'cosine', floor: 0.2 }, 8), at({ name: 'polynomial' }, 8)], [0.2, 0]);
  assertClose([at({ name: 'polynomial', power: 2 }, 4)], [0.25]);
});

test('oneCycle is what PyTorch has for 10 steps', () => {
  // torch.optim.lr_scheduler.OneCycleLR(max_lr=1, total_steps=11) begins so, and ends at step 10.
  const at = (passed: number) =>
    learningRateShare(
      { ...tiny, epochs: 10, schedule: { name: 'oneCycle' } },
      { passed, step: 0, records: [] },
    );
  assertClose([at(0), at(3), at(10)], [0.04, 1, 0.04 / 10_000]);
  assertClose([at(1.5), at(6.5)], [(1 + 0.04) / 2, (1 + 0.04 / 10_000) / 2]);
});

test('plateau follows the records: lower losses are better, and patience counts from the best', () => {
  const schedule: ScheduleChoice = { name: 'plateau', decay: 0.5, patience: 1, floor: 0.2 };
  const shareAfter = (losses: number[]) =>
    learningRateShare(
      { ...tiny, epochs: 20, schedule },
      { passed: losses.length, step: 1, records: recordsOf('validation/loss', losses) },
    );
  assert.equal(shareAfter([]), 1);
  assert.equal(shareAfter([3, 2, 2]), 1);
  assert.equal(shareAfter([3, 2, 2, 2]), 0.5);
  assert.equal(shareAfter([3, 2, 2, 2, 2]), 0.5);
  assert.equal(shareAfter([3, 2, 2, 2, 1, 1]), 0.5);
  assert.equal(shareAfter([3, 2, 2, 2, 2, 2]), 0.25);
  assert.equal(shareAfter([3, 3, 3, 3, 3, 3, 3]), 0.2);
});

test('a wrong schedule is refused before anything is created', () => {
  const refused = (schedule: object, pattern: RegExp) =>
    assert.throws(
      () => checkExperiment({ ...tiny, schedule } as unknown as Experiment),
      (error) => error instanceof UsageError && pattern.test(error.message),
    );
  refused({ name: 'sine' }, /cosine/);
  refused({ name: 'cosine', warmUp: 4 }, /warmUp.*less than the 4 epochs/);
  refused({ name: 'step', decay: 2 }, /decay/);
  refused({ name: 'plateau', measurement: 'validation/kappa' }, /schedule.measurement/);
  const filled = checkExperiment({ ...tiny, schedule: { name: 'cosine' } });
  assert.deepEqual(filled.schedule, { name: 'cosine', warmUp: 0, floor: 0 });
});

test('a resumed run has the rates and the weights of an uninterrupted one', async () => {
  const experiment: Experiment = { ...segmentation, schedule: { name: 'cosine', warmUp: 1 } };
  const directory = temporaryDirectory();
  const whole = await train(experiment, { directory });
  const stopped = await train(experiment, {
    directory,
    callbacks: [{ name: 'interrupt', onBatchEnd: (run, { step }) => step === 6 && run.stop('interrupted') }],
  });
  const resumed = await resume(stopped.path);
  for (const { net } of [whole, stopped, resumed]) net.model.dispose();
  const rates = whole.records.map(({ measurements }) => measurements['train/learningRate'] as number);
  assertClose(rates, [
    0.02,
    0.01 * (1 + Math.cos((Math.PI * 3) / 8)),
    0.01 * (1 + Math.cos((Math.PI * 7) / 8)),
  ]);
  for (const file of ['metrics.jsonl', 'epoch-0003/weights.bin']) {
    assert.deepEqual(readFileSync(join(resumed.path, file)), readFileSync(join(whole.path, file)), file);
  }
});
