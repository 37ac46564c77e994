import assert from 'node:assert/strict';
import { test } from 'node:test';
import { balancedOrder, balancedWeights } from '../../src/data/sampling.ts';
import { UsageError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';
import { assertClose } from '../support.ts';
import { memoryDataset, says } from './fixtures.ts';

/** 70 samples of class 0, 25 of class 1 and 5 of class 2. */
const skewed = memoryDataset(
  Array.from({ length: 100 }, (_, i) => ({
    id: `s${i}`,
    patient: `s${i}`,
    label: i < 70 ? 0 : i < 95 ? 1 : 2,
  })),
);

test('balanced sampling: every class as often, every sample of a class within one', () => {
  const order = balancedOrder(skewed, createRandom(1).stream('shuffle/1'));
  assert.equal(order.length, 100);
  const counts = [0, 0, 0];
  const times = new Map<number, number>();
  for (const index of order) {
    counts[skewed.samples[index]!.label!]!++;
    times.set(index, (times.get(index) ?? 0) + 1);
  }
  assert.deepEqual(counts.sort(), [33, 33, 34]);
  const timesOf = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => times.get(from + i) ?? 0);
  for (const group of [timesOf(0, 70), timesOf(70, 95), timesOf(95, 100)]) {
    assert.ok(Math.max(...group) - Math.min(...group) <= 1);
  }
  assert.deepEqual(balancedOrder(skewed, createRandom(1).stream('shuffle/1')), order);
  assert.notDeepEqual(balancedOrder(skewed, createRandom(1).stream('shuffle/2')), order);
});

test('balanced sampling: images without a class are refused', () => {
  const masks = memoryDataset([{ id: 'a', patient: 'a' }], { task: 'segmentation' });
  assert.throws(
    () => balancedOrder(masks, createRandom(1)),
    says(UsageError, 'data.sampling', 'segmentation'),
  );
});

test('balanced weights: in inverse proportion, 1 in the mean over the images', async () => {
  const weights = await balancedWeights(skewed);
  assertClose(weights, [100 / 210, 100 / 75, 100 / 15]);
  assertClose([(70 * weights[0]! + 25 * weights[1]! + 5 * weights[2]!) / 100], [1]);
  const two = memoryDataset(skewed.samples.filter(({ label }) => label !== 1));
  assertClose(await balancedWeights(two), [75 / 140, 1, 75 / 10]);
});

test('balanced weights of masks count pixels, and not those without a label', async () => {
  const masks = memoryDataset(
    [0, 1].map((i) => ({ id: `s${i}`, patient: `s${i}` })),
    {
      task: 'segmentation',
      read: async (index) => ({
        id: `s${index}`,
        pixels: new Float32Array(6),
        label: Int32Array.of(0, 0, 0, 0, index, -1),
      }),
    },
  );
  assertClose(await balancedWeights(masks), [10 / 18, 10 / 2, 1]);
});

test('balanced sampling: hundreds of thousands of images', () => {
  const count = 300_000;
  const samples = Array.from({ length: count }, (_, i) => ({ id: `${i}`, patient: `${i}`, label: i & 1 }));
  const order = balancedOrder(memoryDataset(samples), createRandom(1));
  assert.equal(new Set(order).size, count);
});
