import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDataset } from '../../src/data/create.ts';
import type { Sample } from '../../src/data/dataset.ts';
import { UsageError } from '../../src/errors.ts';
import { says } from './fixtures.ts';

const lesions = (options = {}) => openDataset({ name: 'skinLesions', count: 40, size: 48, ...options });
const brains = (options = {}) => openDataset({ name: 'brainPhantoms', count: 12, size: 64, ...options });

async function readAll(dataset: Awaited<ReturnType<typeof lesions>>): Promise<Sample[]> {
  return Promise.all(dataset.samples.map((_, index) => dataset.read(index)));
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

test('lesions: classes take turns; the masks of segmentation belong to the same images', async () => {
  const [classification, segmentation] = [await lesions(), await lesions({ task: 'segmentation' })];
  assert.deepEqual(classification.classes, ['benign', 'malignant']);
  assert.deepEqual(segmentation.classes, ['background', 'lesion']);
  assert.deepEqual(
    classification.samples.slice(0, 3).map(({ label }) => label),
    [0, 1, 0],
  );
  for (const [index, { pixels, label }] of (await readAll(segmentation)).entries()) {
    assert.deepEqual(pixels, (await classification.read(index)).pixels);
    const mask = label as Int32Array;
    const share = mean(mask);
    assert.ok(share > 0.03 && share < 0.6, `lesion ${index} covers ${share}`);
    const red = (inside: number) =>
      mean([...mask].flatMap((m, i) => (m === inside ? [pixels[3 * i + 2] as number] : [])));
    assert.ok(red(1) < red(0), `lesion ${index} absorbs blue`);
  }
});

test('lesions: a sample depends on its index and the seed, not on how many there are', async () => {
  const few = await lesions({ count: 3 });
  assert.deepEqual(await few.read(2), await (await lesions()).read(2));
  assert.notDeepEqual((await few.read(2)).pixels, (await (await lesions({ seed: 2 })).read(2)).pixels);
});

test('lesions: malignant ones are more ragged, and difficulty draws the classes together', async () => {
  // Border² over area, of the mask: lowest for a disc.
  const raggedness = (mask: Int32Array) => {
    let border = 0;
    for (let i = 48; i < mask.length; i++)
      border += Number(mask[i] !== mask[i - 1]) + Number(mask[i] !== mask[i - 48]);
    return border ** 2 / mask.reduce((a, b) => a + b, 0);
  };
  const gap = async (difficulty: number) => {
    const samples = await readAll(await lesions({ task: 'segmentation', difficulty }));
    const values = samples.map(({ label }) => raggedness(label as Int32Array));
    const ofClass = (label: number) => mean(values.filter((_, i) => i % 2 === label));
    return ofClass(1) - ofClass(0);
  };
  const [easy, hard] = [await gap(0), await gap(1)];
  assert.ok(easy > 0 && easy > 2 * hard, `${easy} at difficulty 0, ${hard} at 1`);
});

test('brains: every tissue is in every slice, at the brightness T1 gives it', async () => {
  const dataset = await brains();
  assert.equal(dataset.task, 'segmentation');
  assert.equal(dataset.classes[0], 'background');
  for (const { id, pixels, label } of await readAll(dataset)) {
    const byTissue = dataset.classes.map((_, tissue) =>
      [...pixels].filter((_, i) => (label as Int32Array)[i] === tissue),
    );
    for (const [tissue, values] of byTissue.entries()) {
      assert.ok(values.length > 20, `${id} has ${values.length} pixels of ${dataset.classes[tissue]}`);
    }
    const brightness = Object.fromEntries(
      dataset.classes.map((name, i) => [name, mean(byTissue[i] as number[])]),
    );
    const ordered = ['background', 'ventricles', 'greyMatter', 'whiteMatter'].map(
      (name) => brightness[name] as number,
    );
    assert.deepEqual(
      ordered,
      [...ordered].sort((a, b) => a - b),
      id,
    );
  }
});

test('brains: noise is in the pixels alone', async () => {
  const [clean, noisy] = [
    await (await brains({ noise: 0 })).read(1),
    await (await brains({ noise: 0.1 })).read(1),
  ];
  assert.deepEqual(noisy.label, clean.label);
  // The corners: 256 pixels that no head reaches.
  const inCorner = (i: number) => Math.abs((i % 64) - 31.5) > 24 && Math.abs(Math.floor(i / 64) - 31.5) > 24;
  const background = ({ pixels }: Sample) => mean(pixels.filter((_, i) => inCorner(i)));
  assert.ok(background(clean) < 0.02, `${background(clean)} without noise`);
  // Rician: noise of standard deviation σ alone has the mean σ √(π/2) and the standard deviation 0.655 σ,
  // which makes 0.004 for the mean of 256; within three of them.
  const expected = 0.1 * Math.sqrt(Math.PI / 2);
  assert.ok(Math.abs(background(noisy) - expected) < 0.0125, `${background(noisy)} for ${expected}`);
});

test('options out of range are refused', async () => {
  await assert.rejects(lesions({ count: 0 }), says(UsageError, '"count" of skinLesions'));
  await assert.rejects(lesions({ size: 15 }), says(UsageError, '"size" of skinLesions', 'at least 16'));
  await assert.rejects(lesions({ difficulty: 1.5 }), says(UsageError, '"difficulty"', '[0, 1]'));
  await assert.rejects(lesions({ task: 'detection' }), says(UsageError, '"task"', '"detection"'));
  await assert.rejects(brains({ size: 16 }), says(UsageError, '"size" of brainPhantoms', 'at least 32'));
  await assert.rejects(brains({ noise: -1 }), says(UsageError, '"noise"'));
});
