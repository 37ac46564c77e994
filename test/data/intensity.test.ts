import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillIntensity, fitIntensity, type IntensityChoice, windowed } from '../../src/data/intensity.ts';
import { UsageError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';
import { assertClose } from '../support.ts';
import { memoryDataset, numbered, says } from './fixtures.ts';

/** Samples of two channels, `[2, 3, 2]`: the first k/100, the second constant. */
const ramp = {
  ...memoryDataset(numbered(17), {
    read: async (index) => ({
      id: `s${index}`,
      label: 0,
      pixels: Float32Array.from({ length: 12 }, (_, i) => (i % 2 ? 0.5 : (6 * index + i / 2) / 101)),
    }),
  }),
  imageShape: [2, 3, 2] as const,
};

test('percentiles: of each channel, and a constant one is left as it is', async () => {
  const [first, second] = await fitIntensity(ramp, { name: 'percentiles', low: 10, high: 90 });
  // 102 values 0 … 101: the tenth hundredth ends at the 11th of them.
  assertClose([first!.low, first!.high], [10 / 101, 91 / 101], { absolute: 1e-5 });
  assert.deepEqual(second, { low: 0, high: 1 });
  assertClose(
    Object.values((await fitIntensity(ramp, { name: 'percentiles', low: 0, high: 100 }))[0]!),
    [0, 1],
    { absolute: 1e-5 },
  );
});

test('zScore: the mean becomes 1/2, the deviations 0 and 1', async () => {
  const random = createRandom(1, 'normal');
  const values = random.normals(6000, 0.4, 0.05);
  const dataset = memoryDataset(numbered(1000), {
    read: async (index) => ({ id: `s${index}`, label: 0, pixels: values.slice(6 * index, 6 * index + 6) }),
  });
  const [window] = await fitIntensity(dataset, { name: 'zScore', deviations: 2 });
  assertClose([window!.low, window!.high], [0.3, 0.5], { absolute: 0.005 });
  const { pixels } = await windowed(dataset, [window!]).read(3);
  for (const [i, value] of pixels.entries()) {
    const expected = (values[18 + i]! - window!.low) / (window!.high - window!.low);
    assertClose([value], [Math.min(1, Math.max(0, expected))]);
  }
});

test('windows clip to [0, 1] and leave the sample alone; no windows leave the dataset alone', async () => {
  const sample = await ramp.read(16);
  const kept = sample.pixels.slice();
  const same = { ...ramp, read: async () => sample };
  const { pixels } = await windowed(same, [
    { low: 0.2, high: 0.6 },
    { low: 0, high: 1 },
  ]).read(16);
  assert.deepEqual(sample.pixels, kept);
  assert.ok(pixels.every((value, i) => value === (i % 2 ? 0.5 : 1)));
  assert.equal(windowed(ramp, undefined), ramp);
});

test('choices are filled in and checked', () => {
  assert.deepEqual(fillIntensity({ name: 'zScore' }), { name: 'zScore', deviations: 3 });
  const wrong = (choice: object) => () => fillIntensity(choice as IntensityChoice);
  assert.throws(wrong({ name: 'minmax' }), says(UsageError, 'no intensity "minmax"', 'percentiles'));
  assert.throws(wrong({ name: 'percentiles', low: 60, high: 40 }), says(UsageError, '"low" of percentiles'));
  assert.throws(wrong({ name: 'zScore', deviations: 0 }), says(UsageError, '"deviations" of zScore'));
});
