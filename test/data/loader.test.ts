import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { cacheInMemory } from '../../src/data/cache.ts';
import { openDataset } from '../../src/data/create.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { openLoader } from '../../src/data/loader.ts';
import { cacheInShared, sharedMemory } from '../../src/data/shared-cache.ts';
import { subset } from '../../src/data/subset.ts';
import type { TrainingSource } from '../../src/data/training-batches.ts';
import { RunError, UsageError } from '../../src/errors.ts';
import { noTensorLeak } from '../support.ts';
import {
  colours,
  memoryDataset,
  numbered,
  says,
  temporaryFolder,
  writeImage,
  writeText,
} from './fixtures.ts';

await tf.setBackend('cpu');

const augment: TrainingSource['augment'] = [
  { name: 'flip' },
  { name: 'rotate', degrees: 30 },
  { name: 'elastic' },
  { name: 'colourJitter' },
  { name: 'noise' },
  { name: 'mixup', alpha: 1 },
];

/** Eleven images of two classes; the training split are all but the first, in another order. */
async function folderOfImages(context: TestContext) {
  const directory = await temporaryFolder(context);
  for (let i = 0; i < 11; i++) {
    await writeImage(join(directory, i % 2 ? 'sick' : 'healthy', `${i}.png`), colours(i));
  }
  const dataset = { name: 'imageFolder', directory, size: [8, 9] } as const;
  const opened = await openDataset(dataset);
  const train = cacheInMemory(subset(opened, [10, 2, 3, 4, 1, 5, 6, 7, 8, 9]));
  const source: TrainingSource = { dataset, augment, seed: 5, ids: train.samples.map(({ id }) => id) };
  return { directory, train, source };
}

/** What two epochs hold, in all. */
async function contentOf(train: Dataset, source: TrainingSource, workers: number, skip = 0) {
  const loader = openLoader(train, source, workers);
  const order = [9, 1, 2, 3, 0, 5, 8];
  const content: unknown[] = [];
  try {
    for (const epoch of [1, 2]) {
      if (epoch === 2) loader.prepare(2, { size: 3, order });
      for await (using batch of loader.epoch(epoch, { size: 3, order, skip })) {
        const { ids, images, labels, mixed } = batch;
        content.push([ids, images.dataSync(), labels.dataSync(), mixed?.share, mixed?.labels.dataSync()]);
      }
    }
  } finally {
    await loader.close();
  }
  return content;
}

test('workers: none, one and two give the same batches, to the bit', (context) =>
  noTensorLeak(async () => {
    const { train, source } = await folderOfImages(context);
    const alone = await contentOf(train, source, 0);
    assert.equal(alone.length, 6);
    assert.deepEqual(await contentOf(train, source, 1), alone);
    assert.deepEqual(await contentOf(train, source, 2), alone);
    assert.deepEqual(await contentOf(train, source, 0, 1), [alone[1], alone[2], alone[4], alone[5]]);
    assert.notDeepEqual((alone[0] as unknown[])[1], (alone[3] as unknown[])[1], 'epochs differ');
  }));

test('what a sample becomes depends on epoch and id, not on the batch that it is in', async (context) => {
  const { train, source } = await folderOfImages(context);
  const unmixed = { ...source, augment: augment.filter(({ name }) => name !== 'mixup') };
  const pixelsOf = async (size: number, order: number[]) => {
    const loader = openLoader(train, unmixed, 0);
    const found = new Map<string, string>();
    for await (using batch of loader.epoch(4, { size, order, skip: 0 })) {
      const values = batch.images.dataSync();
      for (const [i, id] of batch.ids.entries()) found.set(id, values.slice(i * 216, (i + 1) * 216).join());
    }
    return new Map([...found].sort());
  };
  assert.deepEqual(await pixelsOf(2, [5, 4, 3, 2, 1, 0]), await pixelsOf(6, [0, 1, 2, 3, 4, 5]));
});

test('a sample that comes twice in an epoch is augmented anew', async (context) => {
  const { train, source } = await folderOfImages(context);
  const unmixed = { ...source, augment: augment.filter(({ name }) => name !== 'mixup') };
  const loader = openLoader(train, unmixed, 0);
  const seen: string[] = [];
  for await (using batch of loader.epoch(1, { size: 1, order: [4, 2, 4, 4], skip: 0 })) {
    seen.push(batch.images.dataSync().join());
  }
  assert.equal(new Set(seen).size, 4);
});

test('before workers have opened the data, the first batch is made without them', async (context) => {
  const { train, source } = await folderOfImages(context);
  // A worker that would never come to it.
  const never = { ...source, ids: ['sick/none.png'] };
  const order = { size: 3, order: [9, 1, 2], skip: 0 };
  const [loader, alone] = [openLoader(train, never, 1), openLoader(train, source, 0)];
  const firstOf = async ({ epoch }: typeof loader) => {
    for await (using batch of epoch(1, order)) return [batch.ids, batch.images.dataSync()];
    return undefined;
  };
  assert.deepEqual(await firstOf(loader), await firstOf(alone));
  await loader.close();
});

test('masks come from workers too', async () => {
  const dataset = { name: 'skinLesions', count: 8, size: 16, task: 'segmentation' } as const;
  const train = await openDataset(dataset);
  const ids = train.samples.map(({ id }) => id);
  const source: TrainingSource = {
    dataset,
    augment: [{ name: 'elastic' }, { name: 'cutmix' }],
    seed: 1,
    ids,
  };
  const order = { size: 4, order: [0, 1, 2, 3, 4, 5, 6, 7], skip: 0 };
  const masks: unknown[] = [];
  for (const workers of [0, 1]) {
    const loader = openLoader(train, source, workers);
    const found = [];
    for await (using batch of loader.epoch(1, order)) {
      assert.deepEqual(batch.labels.shape, [4, 16, 16]);
      found.push(batch.labels.dataSync());
    }
    masks.push(found);
    await loader.close();
  }
  assert.deepEqual(masks[1], masks[0]);
});

test('a damaged file is named when its batch is due, by a worker as by the main thread', async (context) => {
  const { directory, train, source } = await folderOfImages(context);
  const bad = join(directory, train.samples[3]!.id);
  await writeText(bad, 'no image');
  for (const workers of [0, 1]) {
    const loader = openLoader(train, source, workers);
    let batches = 0;
    await assert.rejects(
      async () => {
        for await (using _ of loader.epoch(1, { size: 2, order: [0, 1, 2, 3, 4, 5, 6, 7], skip: 0 }))
          batches++;
      },
      says(RunError, 'Cannot decode the image', bad),
    );
    assert.equal(batches, 1);
    await loader.close();
  }
});

test('a training image that is gone, and data that cannot be opened, are said once', async (context) => {
  const { train, source } = await folderOfImages(context);
  const order = { size: 2, order: [0, 1], skip: 0 };
  const tries = [
    [{ ...source, ids: ['sick/none.png'] }, says(RunError, '"sick/none.png" is gone')],
    [{ ...source, dataset: { name: 'imageFolder', directory: '/nowhere' } }, says(UsageError, '/nowhere')],
  ] as const;
  for (const [wrong, expected] of tries) {
    const loader = openLoader(train, wrong as TrainingSource, 1);
    // Until the worker has opened its data, batches are made here, of `train`.
    await assert.rejects(async () => {
      for (let epoch = 1; epoch < 500; epoch++) {
        for await (using _ of loader.epoch(epoch, order));
        await pause(20);
      }
    }, expected);
    await loader.close();
  }
});

test('leaving early, and closing at once, end the workers', (context) =>
  noTensorLeak(async () => {
    const { train, source } = await folderOfImages(context);
    const loader = openLoader(train, source, 2);
    for await (using _ of loader.epoch(1, { size: 2, order: [0, 1, 2, 3, 4, 5, 6, 7, 8], skip: 0 })) break;
    await loader.close();
    await openLoader(train, source, 2).close();
  }));

test('shared memory keeps what fits, for all who share it', async () => {
  const tally: number[] = [];
  for (const task of ['classification', 'segmentation'] as const) {
    const plain = memoryDataset(numbered(5), { task });
    const counting = {
      ...plain,
      read: (index: number) => {
        tally.push(index);
        return plain.read(index);
      },
    };
    tally.length = 0;
    const places = task === 'segmentation' ? 6 : 1;
    const memory = sharedMemory(plain, 3 * 4 * (6 + places + 1));
    const [one, other] = [cacheInShared(counting, memory), cacheInShared(counting, memory)];
    for (const dataset of [one, other, one]) {
      for (let index = 0; index < 5; index++) {
        const { id, pixels, label } = await dataset.read(index);
        const expected = await plain.read(index);
        assert.deepEqual([id, [...pixels]], [expected.id, [...expected.pixels]]);
        assert.deepEqual(
          typeof label === 'number' ? label : [...label],
          typeof expected.label === 'number' ? expected.label : [...expected.label],
        );
      }
    }
    assert.deepEqual(tally, [0, 1, 2, 3, 4, 3, 4, 3, 4]);
  }
});
