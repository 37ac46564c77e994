import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { type BatchOptions, batches } from '../../src/data/batches.ts';
import { cacheInMemory } from '../../src/data/cache.ts';
import type { Batch, Dataset, Sample } from '../../src/data/dataset.ts';
import { RunError, UsageError } from '../../src/errors.ts';
import { noTensorLeak } from '../support.ts';
import { memoryDataset, numbered, says } from './fixtures.ts';

await tf.setBackend('cpu');

async function idsOf(dataset: Dataset, options: BatchOptions): Promise<string[]> {
  const ids: string[] = [];
  for await (using batch of batches(dataset, options)) ids.push(batch.ids.join(' '));
  return ids;
}

/** A dataset that finishes late ones first and counts what it does. */
function slowDataset(count: number, failing?: number) {
  const plain = memoryDataset(numbered(count));
  const tally = { started: [] as number[], running: 0, most: 0 };
  const read = async (index: number): Promise<Sample> => {
    tally.started.push(index);
    tally.running++;
    tally.most = Math.max(tally.most, tally.running);
    for (let turn = 0; turn < (count - index) % 5; turn++) await setImmediate();
    tally.running--;
    if (index === failing) throw new RunError(`sample ${index} is damaged`);
    return plain.read(index);
  };
  return { dataset: { ...plain, read }, tally };
}

test('every sample comes once, in order; the last batch is smaller', () =>
  noTensorLeak(async () => {
    const dataset = memoryDataset(numbered(7));
    assert.deepEqual(await idsOf(dataset, { size: 3 }), ['s0 s1 s2', 's3 s4 s5', 's6']);
    assert.deepEqual(await idsOf(dataset, { size: 7 }), ['s0 s1 s2 s3 s4 s5 s6']);
    assert.deepEqual(await idsOf(dataset, { size: 100 }), ['s0 s1 s2 s3 s4 s5 s6']);
    assert.deepEqual(await idsOf(memoryDataset([]), { size: 3 }), []);
  }));

test('order decides, repetitions and gaps included', () =>
  noTensorLeak(async () => {
    const dataset = memoryDataset(numbered(7));
    assert.deepEqual(await idsOf(dataset, { size: 2, order: Int32Array.of(6, 0, 0, 5, 1) }), [
      's6 s0',
      's0 s5',
      's1',
    ]);
    assert.deepEqual(await idsOf(dataset, { size: 2, order: [] }), []);
  }));

test('images and labels are stacked, in classification and in segmentation', () =>
  noTensorLeak(async () => {
    for await (using batch of batches(memoryDataset(numbered(8)), { size: 2, order: [5, 1] })) {
      assert.deepEqual(batch.images.shape, [2, 2, 3, 1]);
      assert.deepEqual(
        [...batch.images.dataSync()],
        [...new Float32Array(6).fill(0.005), ...new Float32Array(6).fill(0.001)],
      );
      assert.deepEqual([batch.labels.shape, batch.labels.dtype], [[2], 'int32']);
      assert.deepEqual([...batch.labels.dataSync()], [2, 1]);
    }
    for await (using batch of batches(memoryDataset(numbered(8), { task: 'segmentation' }), {
      size: 2,
      order: [5, 1],
    })) {
      assert.deepEqual([batch.labels.shape, batch.labels.dtype], [[2, 2, 3], 'int32']);
      assert.deepEqual([...batch.labels.dataSync()], [2, 0, 1, 2, 0, 1, 1, 2, 0, 1, 2, 0]);
    }
  }));

test('skip leaves out whole batches without reading them; the rest is as without it', async () => {
  const all = await idsOf(memoryDataset(numbered(11)), { size: 3 });
  for (const skip of [0, 1, 3, 4, 9]) {
    const { dataset, tally } = slowDataset(11);
    assert.deepEqual(await idsOf(dataset, { size: 3, skip }), all.slice(skip));
    assert.ok(tally.started.every((index) => index >= skip * 3));
  }
});

test('how far ahead is decoded changes nothing but that', async () => {
  const all = await idsOf(memoryDataset(numbered(20)), { size: 3 });
  for (const prefetch of [0, 1, 2, 50]) {
    const { dataset, tally } = slowDataset(20);
    assert.deepEqual(await idsOf(dataset, { size: 3, prefetch }), all);
    assert.deepEqual(
      [...tally.started].sort((a, b) => a - b),
      [...Array(20).keys()],
    );
    assert.ok(tally.most <= 3 * (prefetch + 1), `${tally.most} at once with prefetch ${prefetch}`);
  }
});

test('while a batch is in use, two more are decoded, and hold no tensors', () =>
  noTensorLeak(async () => {
    const { dataset, tally } = slowDataset(20);
    const stream = batches(dataset, { size: 3 });
    const before = tf.memory().numTensors;
    using batch = (await stream.next()).value as Batch;
    assert.deepEqual(batch.ids, ['s0', 's1', 's2']);
    assert.equal(tally.started.length, 9);
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    assert.deepEqual([tally.started.length, tally.running], [9, 0]);
    assert.equal(tf.memory().numTensors - before, 2, 'images and labels of the batch in use');
    await stream.return();
  }));

test('a sample that cannot be read throws when its batch is due, not before', () =>
  noTensorLeak(async () => {
    for (const prefetch of [0, 2, 9]) {
      const { dataset, tally } = slowDataset(12, 7);
      const seen: string[] = [];
      await assert.rejects(
        async () => {
          for await (using batch of batches(dataset, { size: 3, prefetch })) {
            seen.push(...batch.ids);
            for (let turn = 0; turn < 20; turn++) await setImmediate();
          }
        },
        says(RunError, 'sample 7 is damaged'),
      );
      assert.deepEqual(seen, ['s0', 's1', 's2', 's3', 's4', 's5']);
      assert.equal(tally.running, 0, 'nothing runs on');
    }
  }));

test('leaving early waits for what runs, hides the errors nobody came to, and leaks nothing', () =>
  noTensorLeak(async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    for (const leave of ['break', 'throw'] as const) {
      const { dataset, tally } = slowDataset(12, 4);
      const loop = async () => {
        for await (using _ of batches(dataset, { size: 3 })) {
          if (leave === 'throw') throw new Error('enough');
          break;
        }
      };
      if (leave === 'throw') await assert.rejects(loop, /enough/);
      else await loop();
      assert.equal(tally.running, 0, leave);
      assert.equal(tally.started.length, 9, leave);
    }
    for (let turn = 0; turn < 5; turn++) await setImmediate();
    process.off('unhandledRejection', note);
    assert.deepEqual(unhandled, []);
  }));

test('a dataset that breaks its own promise is named', async () => {
  const sample = { id: 's0', pixels: new Float32Array(6), label: 0 };
  const reads = (read: Dataset['read'], task: Dataset['task'] = 'classification') =>
    idsOf(memoryDataset(numbered(1), { task, read }), { size: 1 });
  const short = async () => ({ ...sample, pixels: new Float32Array(5) });
  await assert.rejects(reads(short), says(UsageError, 'memory', '[2, 3, 1]', '"s0"', '5 values'));
  await assert.rejects(
    reads(async () => sample, 'segmentation'),
    says(UsageError, '6 labels', 'a class index'),
  );
  await assert.rejects(
    reads(async () => ({ ...sample, label: new Int32Array(6) })),
    says(UsageError, '6 labels'),
  );
});

test('options out of range are refused', async () => {
  const dataset = memoryDataset(numbered(3));
  await assert.rejects(idsOf(dataset, { size: 0 }), says(UsageError, '"size" of batches', '0'));
  await assert.rejects(idsOf(dataset, { size: 2, prefetch: -1 }), says(UsageError, '"prefetch"'));
  await assert.rejects(idsOf(dataset, { size: 2, skip: 0.5 }), says(UsageError, '"skip"'));
});

test('the cache reads each sample once, and gives what the dataset gives', async () => {
  const { dataset, tally } = slowDataset(6);
  const cached = cacheInMemory(dataset);
  assert.deepEqual(await idsOf(cached, { size: 2 }), await idsOf(cached, { size: 2 }));
  assert.deepEqual([...tally.started].sort(), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(await cached.read(3), await dataset.read(3));
  assert.deepEqual(cached.samples, dataset.samples);
});

test('the cache stops at its limit and reads the rest anew', async () => {
  const { dataset, tally } = slowDataset(4);
  const cached = cacheInMemory(dataset, 2 * 6 * 4);
  const wanted = [0, 1, 2, 3, 0, 1, 2, 3];
  for (const index of wanted) assert.equal((await cached.read(index)).id, `s${index}`);
  assert.deepEqual(tally.started, [0, 1, 2, 3, 2, 3]);
});

test('the cache does not keep errors', async () => {
  let failures = 1;
  const plain = memoryDataset(numbered(1));
  const read = async (index: number) => {
    if (failures-- > 0) throw new RunError('busy');
    return plain.read(index);
  };
  const cached = cacheInMemory({ ...plain, read });
  await assert.rejects(cached.read(0), says(RunError, 'busy'));
  assert.equal((await cached.read(0)).id, 's0');
});
