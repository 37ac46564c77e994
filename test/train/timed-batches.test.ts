import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Dataset } from '../../src/data/dataset.ts';
import { rankStratified, sampleStratified, subset } from '../../src/data/subset.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { createRandom } from '../../src/random.ts';
import { timedBatches } from '../../src/train/timed-batches.ts';
import { noTensorLeak } from '../support.ts';

before(() => useEngine('auto'));

/** Images of one pixel, every third of the second class. */
const datasetOf = (count: number): Dataset => ({
  name: 'pixels',
  task: 'classification',
  imageShape: [1, 1, 1],
  classes: ['a', 'b'],
  samples: Array.from({ length: count }, (_, i) => ({
    id: `${i}`,
    patient: `${i}`,
    label: Number(i % 3 === 2),
  })),
  read: async (i) => ({ id: `${i}`, pixels: Float32Array.of(0.5), label: Number(i % 3 === 2) }),
});

/** Works on batches by a clock that only the work moves on. */
async function work(seconds: number, cost: (images: number, done: number) => number, count = 400) {
  const dataset = datasetOf(count);
  let [time, images] = [5, 0];
  const sizes: number[] = [];
  const ids: string[] = [];
  await noTensorLeak(async () => {
    for await (using batch of timedBatches(dataset, { size: 32, seconds, now: () => time })) {
      time += cost(batch.ids.length, images);
      images += batch.ids.length;
      sizes.push(batch.ids.length);
      ids.push(...batch.ids);
    }
  });
  assert.deepEqual(
    ids,
    dataset.samples.slice(0, images).map(({ id }) => id),
  );
  return { used: time - 5, images, sizes };
}

describe('images within a time', () => {
  const costs: Record<string, (images: number, done: number) => number> = {
    'each costs the same': (images) => 0.05 * images,
    'a batch costs something by itself': (images) => 0.1 + 0.05 * images,
    'a batch costs as much as ten images': (images) => 0.3 + 0.03 * images,
    'the first are slow': (images, done) => (done === 0 ? 3 : 1) * 0.05 * images,
    'some cost more than others': (images, done) => (done % 3 === 1 ? 0.07 : 0.04) * images,
    'full batches are cheaper': (images) => 0.05 * images ** 0.9,
  };
  for (const [what, cost] of Object.entries(costs)) {
    for (const seconds of [2, 5, 10]) {
      test(`${what}: ${seconds} s are kept to a fifth`, async () => {
        const { used, images } = await work(seconds, cost);
        assert.ok(used >= 0.8 * seconds && used <= 1.2 * seconds, `${used} s for ${images} images`);
      });
    }
  }

  test('there is a first batch however short the time, and all images where it is long', async () => {
    assert.deepEqual((await work(0.001, () => 1)).sizes, [4]);
    assert.deepEqual((await work(0, () => 1, 3)).sizes, [3]);
    const { images, sizes } = await work(1000, () => 0.001, 100);
    assert.equal(images, 100);
    assert.deepEqual(sizes, [4, 16, 32, 32, 16]);
  });
});

test('every beginning of the order has each class as often as it is frequent, and is what a sample of its size is', () => {
  const dataset = datasetOf(60);
  const ranked = [...rankStratified(dataset, createRandom(3))];
  assert.equal(new Set(ranked).size, 60);
  for (const count of [1, 4, 20, 60]) {
    assert.deepEqual(
      ranked.slice(0, count).sort((a, b) => a - b),
      [...sampleStratified(dataset, count, createRandom(3))],
    );
  }
  const share = (indices: number[]) =>
    subset(dataset, indices).samples.filter(({ label }) => label === 0).length;
  assert.ok(Math.abs(share(ranked.slice(0, 20)) / 20 - share(ranked) / 60) <= 0.1);
});
