import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dataset, SampleInfo } from '../../src/data/dataset.ts';
import { splitByIds, splitDataset } from '../../src/data/split.ts';
import { sampleStratified, subset } from '../../src/data/subset.ts';
import { UsageError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';
import { memoryDataset, numbered, says } from './fixtures.ts';

const random = createRandom(3, 'split');
const idsOf = (dataset: Dataset) => dataset.samples.map(({ id }) => id);

function labelCounts({ samples }: { samples: readonly SampleInfo[] }): number[] {
  const counts = [0, 0, 0];
  for (const { label = 0 } of samples) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

/** Patients of 1 to 7 images each, most of one label, a few of two. */
function hospital(patients: number, seed: number): SampleInfo[] {
  const draw = createRandom(seed, 'hospital');
  return Array.from({ length: patients }, (_, p) => {
    const label = Math.min(2, Math.floor(3 * draw.uniform() ** 2));
    return Array.from({ length: 1 + draw.integer(7) }, (_, i) => ({
      id: `p${p}-${i}`,
      patient: `p${p}`,
      label: p % 10 === 0 && i % 2 ? 2 - label : label,
    }));
  }).flat();
}

test('with one image a patient, every label is divided as the fractions say', () => {
  const splits = splitDataset(memoryDataset(numbered(300)), { validation: 0.2, test: 0.1 }, random);
  assert.deepEqual(labelCounts(splits.train), [70, 70, 70]);
  assert.deepEqual(labelCounts(splits.validation), [20, 20, 20]);
  assert.deepEqual(labelCounts(splits.test), [10, 10, 10]);
});

test('patients stay together, and labels come out within one patient of their share', () => {
  const largest = 7;
  for (const seed of [1, 2, 3, 4, 5]) {
    const samples = hospital(120, seed);
    const fractions = { train: 0.7, validation: 0.15, test: 0.15 };
    const splits = splitDataset(memoryDataset(samples), fractions, createRandom(seed));
    const total = labelCounts({ samples });
    const home = new Map<string, string>();
    for (const name of ['train', 'validation', 'test'] as const) {
      for (const [label, count] of labelCounts(splits[name]).entries()) {
        const share = fractions[name] * (total[label] as number);
        assert.ok(Math.abs(count - share) <= largest, `${name}, label ${label}: ${count} for ${share}`);
      }
      for (const { patient } of splits[name].samples) assert.equal(home.get(patient) ?? name, name);
      for (const { patient } of splits[name].samples) home.set(patient, name);
    }
    const ids = [splits.train, splits.validation, splits.test].flatMap(idsOf);
    assert.deepEqual(ids.sort(), samples.map(({ id }) => id).sort());
  }
});

test('samples keep their order and their contents', async () => {
  const dataset = memoryDataset(numbered(30));
  const { train } = splitDataset(dataset, { validation: 0.3, test: 0 }, random);
  const places = idsOf(train).map((id) => Number(id.slice(1)));
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
  for (const [index, place] of places.entries())
    assert.deepEqual(await train.read(index), await dataset.read(place));
});

test('one stream gives one split, another seed another', () => {
  const dataset = memoryDataset(hospital(60, 9));
  const split = (seed: number) =>
    idsOf(splitDataset(dataset, { validation: 0.2, test: 0.2 }, createRandom(seed)).test);
  assert.deepEqual(split(1), split(1));
  assert.notDeepEqual(split(1), split(2));
});

test('a test fraction of 0 makes an empty test split', () => {
  const splits = splitDataset(memoryDataset(numbered(7)), { validation: 0.3, test: 0 }, random);
  assert.equal(splits.test.samples.length, 0);
  assert.equal(splits.train.samples.length + splits.validation.samples.length, 7);
});

test('segmentation is divided without labels', () => {
  const samples = numbered(40).map(({ id, patient }) => ({ id, patient }));
  const splits = splitDataset(
    memoryDataset(samples, { task: 'segmentation' }),
    { validation: 0.25, test: 0.25 },
    random,
  );
  assert.deepEqual(
    [splits.train, splits.validation, splits.test].map(({ samples }) => samples.length),
    [20, 10, 10],
  );
});

test('fixed splits are kept, whatever the fractions', () => {
  const fixedSplits = { train: [4, 0, 1], validation: [2], test: [3] };
  const dataset = { ...memoryDataset(numbered(5)), fixedSplits };
  const splits = splitDataset(dataset, { validation: 9, test: 9 }, random);
  assert.deepEqual(idsOf(splits.train), ['s0', 's1', 's4']);
  assert.deepEqual(idsOf(splits.validation), ['s2']);
  assert.deepEqual(idsOf(splits.test), ['s3']);
  assert.equal(splits.train.fixedSplits, undefined);
  const bare = { ...dataset, fixedSplits: { ...fixedSplits, validation: [] } };
  assert.throws(
    () => splitDataset(bare, { validation: 0.2, test: 0 }, random),
    says(UsageError, 'validation split'),
  );
});

test('fractions that leave a split empty are refused', () => {
  const one = numbered(9).map((sample) => ({ ...sample, patient: 'p' }));
  const split = (samples: readonly SampleInfo[], validation: number, testing: number) =>
    splitDataset(memoryDataset(samples), { validation, test: testing }, random);
  assert.throws(
    () => split(one, 0.3, 0),
    says(UsageError, 'validation split of memory is empty', '9 samples of 1 patients'),
  );
  assert.throws(() => split(numbered(2), 0.4, 0.3), says(UsageError, 'is empty', '2 patients'));
  assert.throws(() => split([], 0.3, 0.1), says(UsageError, 'train split'));
  for (const [validation, testing] of [
    [0, 0.2],
    [0.2, -0.1],
    [0.5, 0.5],
    [Number.NaN, 0],
  ] as const) {
    assert.throws(
      () => split(numbered(30), validation, testing),
      says(UsageError, 'fraction', `${validation} and ${testing}`),
    );
  }
});

test('subset reads what it lists, in that order, and refuses what is not there', async () => {
  const dataset = memoryDataset(numbered(5));
  const part = subset(dataset, Int32Array.of(4, 1));
  assert.deepEqual(idsOf(part), ['s4', 's1']);
  assert.deepEqual(await part.read(0), await dataset.read(4));
  assert.throws(() => subset(dataset, [0, 5]), RangeError);
});

test('sampleStratified takes each class as often as it is frequent', () => {
  const samples = Array.from({ length: 200 }, (_, i) => ({
    id: `${i}`,
    patient: `${i}`,
    label: i < 150 ? 0 : i < 190 ? 1 : 2,
  }));
  const dataset = memoryDataset(samples);
  const chosen = sampleStratified(dataset, 20, random);
  assert.deepEqual(labelCounts(subset(dataset, chosen)), [15, 4, 1]);
  assert.deepEqual(
    [...chosen],
    [...new Set(chosen)].sort((a, b) => a - b),
  );
  assert.deepEqual(sampleStratified(dataset, 20, random), chosen);
  assert.notDeepEqual(sampleStratified(dataset, 20, createRandom(8)), chosen);
});

test('sampleStratified: a rare class is there, all is all, and segmentation has no classes', () => {
  const samples = Array.from({ length: 100 }, (_, i) => ({
    id: `${i}`,
    patient: `${i}`,
    label: i === 70 ? 2 : i % 2,
  }));
  const dataset = memoryDataset(samples);
  assert.ok(sampleStratified(dataset, 3, random).includes(70));
  assert.deepEqual(
    [...sampleStratified(dataset, 500, random)],
    samples.map((_, i) => i),
  );
  assert.equal(sampleStratified(dataset, 0, random).length, 0);
  const bare = memoryDataset(
    samples.map(({ id, patient }) => ({ id, patient })),
    { task: 'segmentation' },
  );
  assert.equal(new Set(sampleStratified(bare, 30, random)).size, 30);
});

test('folds: every sample is validated once, patients stay together, the test split is the same', () => {
  const samples = hospital(60, 2);
  const dataset = memoryDataset(samples);
  const folds = [0, 1, 2, 3, 4].map((fold) =>
    splitDataset(dataset, { folds: 5, fold, test: 0.2 }, createRandom(3)),
  );
  const test = idsOf(folds[0]!.test);
  assert.ok(test.length > 0);
  const validated = folds.flatMap(({ validation }) => idsOf(validation));
  assert.deepEqual([...validated, ...test].sort(), samples.map(({ id }) => id).sort());
  const whole = labelCounts(dataset);
  for (const { train, validation, test: tested } of folds) {
    assert.deepEqual(idsOf(tested), test);
    const patients = [train, validation, tested].map(
      (part) => new Set(part.samples.map(({ patient }) => patient)),
    );
    assert.equal(
      patients.reduce((sum, { size }) => sum + size, 0),
      60,
      'no patient in two splits',
    );
    assert.equal(train.samples.length + validation.samples.length + tested.samples.length, samples.length);
    for (const [label, count] of labelCounts(validation).entries()) {
      assert.ok(Math.abs(count - 0.16 * whole[label]!) <= 7, `label ${label}: ${count} of ${whole[label]}`);
    }
  }
});

test('folds of data that come divided leave the test split alone', () => {
  const fixedSplits = { train: [0, 1, 2, 3, 4, 5, 6], validation: [7, 8], test: [9, 10, 11] };
  const dataset = { ...memoryDataset(numbered(12)), fixedSplits };
  const folds = [0, 1, 2].map((fold) => splitDataset(dataset, { folds: 3, fold }, createRandom(1)));
  for (const { test } of folds) assert.deepEqual(idsOf(test), ['s9', 's10', 's11']);
  assert.deepEqual(
    folds.flatMap(({ validation }) => idsOf(validation)).sort(),
    idsOf(subset(dataset, [0, 1, 2, 3, 4, 5, 6, 7, 8])),
  );
});

test('folds that cannot be are refused', () => {
  const dataset = memoryDataset(numbered(12));
  for (const choice of [
    { folds: 1, fold: 0 },
    { folds: 3, fold: 3 },
    { folds: 3, fold: 0, test: 1 },
    { folds: 2.5, fold: 0 },
  ]) {
    assert.throws(() => splitDataset(dataset, choice, random), says(UsageError, 'at least 2 folds'));
  }
  assert.throws(
    () => splitDataset(memoryDataset(numbered(3)), { folds: 4, fold: 3 }, random),
    says(UsageError, 'validation split', 'is empty'),
  );
});

test('data that come divided with a patient on both sides are refused', () => {
  const samples = numbered(6).map((sample, i) => ({ ...sample, patient: `p${i % 3}` }));
  const dataset = {
    ...memoryDataset(samples),
    fixedSplits: { train: [0, 1, 3], validation: [2, 5], test: [4] },
  };
  assert.throws(
    () => splitDataset(dataset, { validation: 0.5, test: 0 }, random),
    says(UsageError, 'patient "p1"', 'train', 'test'),
  );
});

test('splits are made again from their ids; what has come since is left out, what is gone is named', () => {
  const before = splitDataset(memoryDataset(numbered(20)), { validation: 0.3, test: 0.2 }, random);
  const ids = { train: idsOf(before.train), validation: idsOf(before.validation), test: idsOf(before.test) };
  const grown = memoryDataset([{ id: 'new', patient: 'new', label: 0 }, ...numbered(20)].reverse());
  const after = splitByIds(grown, ids);
  for (const name of ['train', 'validation', 'test'] as const)
    assert.deepEqual(after[name].samples, before[name].samples);
  const gone = memoryDataset(numbered(20).filter(({ id }) => id !== ids.validation[0]));
  assert.throws(() => splitByIds(gone, ids), says(UsageError, ids.validation[0]!, 'validation'));
});
