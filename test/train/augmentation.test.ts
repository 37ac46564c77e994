// A training on augmented images: the same with and without workers, and after a pause.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { useEngine } from '../../src/engine/engine.ts';
import { UsageError } from '../../src/errors.ts';
import type { Callback } from '../../src/train/callback.ts';
import type { Experiment } from '../../src/train/experiment.ts';
import { resume, type TrainOptions, train } from '../../src/train/train.ts';
import { noTensorLeak } from '../support.ts';
import { classification, segmentation, temporaryDirectory } from './support.ts';

const directory = temporaryDirectory();
before(() => useEngine('auto'));

const { robustness: _, ...plain } = classification;
const experiments = {
  segmentation: {
    ...segmentation,
    data: {
      ...segmentation.data,
      augment: [{ name: 'flip' }, { name: 'elastic' }, { name: 'mixup', alpha: 1 }],
    },
  },
  classification: {
    ...plain,
    epochs: 1,
    data: { ...plain.data, augment: [{ name: 'rotate' }, { name: 'colourJitter' }, { name: 'cutmix' }] },
  },
} satisfies Record<string, Experiment>;

async function outcomeOf(made: ReturnType<typeof train>): Promise<string[]> {
  const { net, path, records } = await made;
  net.model.dispose();
  assert.ok(records.every(({ times }) => (times?.['time/wait'] ?? 0) >= 0));
  const epoch = `epoch-${String(records.length).padStart(4, '0')}`;
  return ['metrics.jsonl', `${epoch}/weights.bin`].map((name) => readFileSync(join(path, name), 'base64'));
}

const run = (experiment: Experiment, options: TrainOptions) =>
  outcomeOf(train(experiment, { directory, ...options }));

let uninterrupted: Promise<string[]> | undefined;
function reference(): Promise<string[]> {
  uninterrupted ??= run(experiments.segmentation, { workers: 0 });
  return uninterrupted;
}

test('segmentation: workers change nothing, augmentation does', async () => {
  const alone = await reference();
  await noTensorLeak(async () => {
    assert.deepEqual(await run(experiments.segmentation, { workers: 2 }), alone);
    assert.notDeepEqual(await run(segmentation, {}), alone);
  });
});

test('classification: workers change nothing, augmentation does', async () => {
  const alone = await run(experiments.classification, { workers: 0 });
  assert.deepEqual(await run(experiments.classification, { workers: 1 }), alone);
  assert.notDeepEqual(await run({ ...plain, epochs: 1 }, {}), alone);
});

test('a run interrupted within an epoch ends as if it had not been', async () => {
  const interrupt: Callback = {
    name: 'interrupt',
    onBatchEnd: (interrupted, { step }) => step === 6 && interrupted.stop('interrupted'),
  };
  const options = { directory, workers: 1, callbacks: [interrupt] };
  const { net, path, stopped } = await train(experiments.segmentation, options);
  net.model.dispose();
  assert.equal(stopped, 'interrupted');
  assert.deepEqual(await outcomeOf(resume(path, { workers: 0 })), await reference());
});

test('augmentations that cannot be are refused before anything is created', async () => {
  const wrong = (augment: unknown) => ({ ...plain, data: { ...plain.data, augment } }) as Experiment;
  for (const [augment, message] of [
    ['flip', /data\.augment: expected a list/],
    [[{ name: 'spin' }], /no augmentation "spin".*rotate/],
    [[{ name: 'rotate', degrees: -1 }], /"degrees" of rotate/],
    [[{ name: 'flip' }, { name: 'flip' }], /flip twice/],
  ] as const) {
    await assert.rejects(train(wrong(augment), { directory }), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  }
});
