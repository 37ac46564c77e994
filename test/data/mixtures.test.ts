import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dataset } from '../../src/data/dataset.ts';
import { mixtures } from '../../src/data/mixtures.ts';
import { refit } from '../../src/data/refit.ts';
import { UsageError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';

/** One pixel of grey levels `values`, the class of which is its label. */
function dots(values: readonly number[], labels: readonly number[]): Dataset {
  return {
    name: 'dots',
    task: 'classification',
    imageShape: [1, 1, 1],
    classes: ['dark', 'bright'],
    samples: values.map((_, i) => ({ id: `${i}`, patient: `${i}`, label: labels[i] as number })),
    read: async (i) => ({
      id: `${i}`,
      pixels: Float32Array.of(values[i] as number),
      label: labels[i] as number,
    }),
  };
}

test('a mixture is the mean of an image and one of another class, the same for the same random', async () => {
  const data = dots([0, 0.1, 1, 0.8], [0, 0, 1, 1]);
  const mixed = mixtures(data, createRandom(1));
  const again = mixtures(data, createRandom(1));
  const possible = [
    [0.5, 0.4],
    [0.55, 0.45],
    [0.5, 0.55],
    [0.4, 0.45],
  ];
  for (const [i, values] of possible.entries()) {
    const { id, pixels, label } = await mixed.read(i);
    assert.ok(
      values.some((value) => Math.abs(value - (pixels[0] as number)) < 1e-6),
      `${pixels[0]}`,
    );
    assert.deepEqual((await again.read(i)).pixels, pixels);
    assert.deepEqual([id, label], [`${i}`, i < 2 ? 0 : 1]);
  }
});

test('mixtures of one class, and of segmentations, are refused', () => {
  assert.throws(() => mixtures(dots([0, 1], [1, 1]), createRandom(1)), UsageError);
  assert.throws(
    () => mixtures({ ...dots([0, 1], [0, 1]), task: 'segmentation' }, createRandom(1)),
    UsageError,
  );
});

test('images of another shape: bilinear in size, grey where channels differ, and the same where nothing does', async () => {
  const pixels = Float32Array.of(0, 0.3, 0.6, 0.2, 0.4, 0.6);
  const colour: Dataset = {
    ...dots([], []),
    imageShape: [1, 2, 3],
    samples: [{ id: 'a', patient: 'p' }],
    read: async () => ({ id: 'a', pixels, label: 1 }),
  };
  assert.deepEqual((await refit(colour, [1, 2, 3]).read(0)).pixels, pixels);
  const grey = await refit(colour, [1, 2, 1]).read(0);
  assert.deepEqual(
    Array.from(grey.pixels, (value) => Number(value.toFixed(4))),
    [0.3, 0.4],
  );
  const large = await refit(colour, [2, 4, 1]).read(0);
  const row = [0.3, 0.325, 0.375, 0.4];
  assert.deepEqual(
    Array.from(large.pixels, (value) => Number(value.toFixed(4))),
    [...row, ...row],
  );
  assert.equal(large.label, 0);
});
