import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDataset } from '../../src/data/create.ts';
import { rangeFinder, scaleToUnit } from '../../src/data/value-range.ts';
import { UsageError } from '../../src/errors.ts';
import { assertClose } from '../support.ts';
import { says, temporaryFolder, writeText } from './fixtures.ts';
import { counted, type NiftiFile, type Rows, writeNifti } from './nifti/write.ts';

/** Axes of the file are those of the body. */
const ras: Rows = [
  [1, 0, 0, 0],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
];

/** A volume of 2 × 3 × 4 voxels with the values 0 to 23, and its label map. */
async function study(context: TestContext, labels: readonly number[], image: Partial<NiftiFile> = {}) {
  const root = await temporaryFolder(context);
  const shape = [2, 3, 4];
  await writeNifti(join(root, 'images', 'a.nii.gz'), { shape, values: counted(24), rows: ras, ...image });
  await writeNifti(join(root, 'labels', 'a.nii'), { shape, values: labels, type: 2, rows: ras });
  const open = (options = {}) =>
    openDataset({
      name: 'niftiSlices',
      images: join(root, 'images'),
      masks: join(root, 'labels'),
      intensity: 'values',
      range: [0, 23],
      ...options,
    });
  return { root, open };
}

const none = new Array<number>(24).fill(0);

/** The values of the pixels, unscaled. */
const valuesOf = (pixels: Float32Array) => Array.from(pixels, (value) => Math.round(value * 23));

test('slices lie as a picture shows them: the head or the face at the top, left on the left', async (context) => {
  const { open } = await study(context, counted(24), {});
  const classes = counted(24).map(String);
  // Voxel x, y, z has the value x + 2 y + 6 z.
  const axial = await open({ classes });
  assert.deepEqual(axial.imageShape, [3, 2, 1]);
  assert.deepEqual(
    axial.samples.map(({ id, patient }) => [id, patient]),
    counted(4).map((z) => [`a/${z}`, 'a']),
  );
  const { id, pixels, label } = await axial.read(1);
  assert.equal(id, 'a/1');
  assert.deepEqual(valuesOf(pixels), [10, 11, 8, 9, 6, 7]);
  assert.deepEqual([...(label as Int32Array)], [10, 11, 8, 9, 6, 7]);
  const coronal = await open({ classes, plane: 'coronal' });
  assert.deepEqual(coronal.imageShape, [4, 2, 1]);
  assert.deepEqual(valuesOf((await coronal.read(2)).pixels), [22, 23, 16, 17, 10, 11, 4, 5]);
  const sagittal = await open({ classes, plane: 'sagittal' });
  assert.deepEqual(sagittal.imageShape, [4, 3, 1]);
  assert.deepEqual(valuesOf((await sagittal.read(1)).pixels), [19, 21, 23, 13, 15, 17, 7, 9, 11, 1, 3, 5]);
});

test('label maps: the value is the class, sets merge values, or all that occur are classes', async (context) => {
  const labels = none.with(0, 17).with(1, 53).with(4, 237).with(9, 4);
  const { open } = await study(context, labels);
  const all = await open();
  assert.deepEqual(all.classes, ['background', 'label 4', 'label 17', 'label 53', 'label 237']);
  const merged = await open({
    classes: ['background', 'hippocampus', 'cortex'],
    maskValues: ['17 53', '200-255'],
  });
  assert.deepEqual([...((await merged.read(0)).label as Int32Array)], [2, 0, 0, 0, 1, 1]);
  assert.deepEqual([...((await merged.read(1)).label as Int32Array)], [0, 0, 0, 0, 0, 0]);
  assert.deepEqual((await open({ maskValues: ['17 53'] })).classes, ['background', '17 53']);
  const strict = await open({ classes: ['background', 'thing'] });
  await assert.rejects(strict.read(0), says(UsageError, 'a.nii', '0, 1', 'found'));
  await assert.rejects(
    open({ maskValues: ['17', '17 53'] }),
    says(UsageError, 'maskValues', '17 in one class only'),
  );
  await assert.rejects(open({ maskValues: ['17,53'] }), says(UsageError, 'maskValues', 'such as "17 53"'));
  await assert.rejects(
    open({ classes: ['background'], maskValues: ['17'] }),
    says(UsageError, 'classes', '2 names'),
  );
});

test('a parcellation of dozens of labels is classes by itself', async (context) => {
  const { open } = await study(
    context,
    counted(24).map((i) => 3 * i),
  );
  const { classes, read } = await open({ slices: 'labelled' });
  assert.equal(classes.length, 24);
  assert.deepEqual([...((await read(3)).label as Int32Array)], [22, 23, 20, 21, 18, 19]);
});

test('slices without a label may be left out', async (context) => {
  const { open } = await study(context, none.with(13, 2));
  assert.deepEqual(
    (await open({ slices: 'labelled' })).samples.map(({ id }) => id),
    ['a/2'],
  );
  await assert.rejects(
    open({ slices: 'labelled', maskValues: ['9'] }),
    says(UsageError, 'no slice holds a label'),
  );
});

test('frames of a 4D volume are channels', async (context) => {
  const image = { shape: [2, 3, 4, 2], values: [...counted(24), ...counted(24).map((i) => 23 - i)] };
  const { open } = await study(context, none, image);
  const both = await open({ maskValues: ['1'] });
  assert.deepEqual(both.imageShape, [3, 2, 2]);
  assert.deepEqual(valuesOf((await both.read(0)).pixels), [4, 19, 5, 18, 2, 21, 3, 20, 0, 23, 1, 22]);
  const second = await open({ maskValues: ['1'], frames: [1] });
  assert.deepEqual(valuesOf((await second.read(0)).pixels), [19, 18, 21, 20, 23, 22]);
  await assert.rejects(open({ frames: [2] }), says(UsageError, 'frames', 'from 0 to 1'));
});

test('padding keeps voxels; resizing keeps labels whole', async (context) => {
  const { open } = await study(
    context,
    none.map((_, i) => i % 2),
    {},
  );
  const classes = ['left', 'right'];
  const padded = await open({ classes, size: [2, 4] });
  const { pixels, label } = await padded.read(0);
  assert.deepEqual(valuesOf(pixels), [0, 4, 5, 0, 0, 2, 3, 0]);
  assert.deepEqual([...(label as Int32Array)], [0, 0, 1, 0, 0, 0, 1, 0]);
  const squashed = await (await open({ classes, size: [6, 4], fit: 'squash' })).read(1);
  assert.deepEqual([...(squashed.label as Int32Array)].slice(0, 4), [0, 0, 1, 1]);
  assert.ok(squashed.pixels.every((value) => value >= 0 && value <= 1));
  assertClose([squashed.pixels[0] as number, squashed.pixels[23] as number], [10 / 23, 7 / 23], {
    absolute: 0.03,
  });
});

test('intensities: a window, percentiles as NumPy has them, deviations', () => {
  const values = Float32Array.of(4, 0, 3, 1, 2, Number.NaN, 10, Number.NEGATIVE_INFINITY);
  const find = (intensity: string, range: number[] = []) => rangeFinder('x', { intensity, range })(values);
  assert.deepEqual(find('values', [-5, 5]), { low: -5, high: 5 });
  // numpy.percentile([4, 0, 3, 1, 2, 10], [10, 90]) is [0.5, 7.0]; mean 3.3333, deviation 3.2489.
  assert.deepEqual(find('percentiles', [10, 90]), { low: 0.5, high: 7 });
  const { low, high } = find('deviations', [-1, 2]);
  assertClose([low, high], [3.333333 - 3.248931, 3.333333 + 2 * 3.248931]);
  assert.deepEqual(
    [...scaleToUnit(Float32Array.of(-1, 0, 1, 3, Number.NaN), { low: 0, high: 2 })],
    [0, 0, 0.5, 1, 0],
  );
  assert.deepEqual([...scaleToUnit(Float32Array.of(5, 5), { low: 5, high: 5 })], [0, 0]);
  assert.deepEqual(rangeFinder('x', { intensity: 'deviations', range: [] })(Float32Array.of(Number.NaN)), {
    low: 0,
    high: 0,
  });
  for (const [intensity, range] of [
    ['values', []],
    ['values', [2, 1]],
    ['percentiles', [-1, 99]],
    ['zscore', []],
  ] as const) {
    assert.throws(() => rangeFinder('x', { intensity, range }), UsageError);
  }
});

test('a label map of other voxels, or that lies elsewhere, is refused', async (context) => {
  const { root, open } = await study(context, none);
  const write = (content: Partial<NiftiFile>) =>
    writeNifti(join(root, 'labels', 'a.nii'), {
      shape: [2, 3, 4],
      values: none,
      type: 2,
      rows: ras,
      ...content,
    });
  await write({ shape: [2, 3, 3], values: none.slice(0, 18) });
  await assert.rejects(open(), says(UsageError, 'a.nii', '2 × 3 × 3', '2 × 3 × 4'));
  await write({ rows: ras.map((row, i) => (i === 2 ? [0, 0, 1, 7] : row)) as unknown as Rows });
  await assert.rejects(open(), says(UsageError, 'lies up to 7.0 mm from'));
  // The same voxels, stored from back to front.
  const flipped = ras.map((row, i) => (i === 1 ? [0, -1, 0, 2] : row)) as unknown as Rows;
  await write({ rows: flipped, values: none.with(0, 1) });
  assert.deepEqual([...((await (await open()).read(0)).label as Int32Array)], [1, 0, 0, 0, 0, 0]);
});

test('volumes by the rows of a table, several of one patient', async (context) => {
  const { root } = await study(context, none.with(0, 1));
  await writeNifti(join(root, 'images', 'b.nii'), { shape: [4, 1, 2], values: counted(8), rows: ras });
  await writeNifti(join(root, 'labels', 'c.nii'), { shape: [4, 1, 2], values: none.slice(0, 8), rows: ras });
  const csv = await writeText(
    join(root, 'all.csv'),
    'image,mask,who\nimages/a.nii.gz,labels/a.nii,p1\nimages/b.nii,labels/c.nii,p1\n',
  );
  const dataset = await openDataset({ name: 'niftiSlices', csv, patientColumn: 'who' });
  assert.deepEqual(new Set(dataset.samples.map(({ patient }) => patient)), new Set(['p1']));
  assert.deepEqual(dataset.samples.at(-1)?.id, 'images/b/1');
  // The largest slice decides the size: 3 × 2 and 1 × 4.
  assert.deepEqual(dataset.imageShape, [3, 4, 1]);
  const missing = await writeText(join(root, 'other.csv'), 'image,mask\nimages/a.nii.gz,labels/z.nii\n');
  await assert.rejects(
    openDataset({ name: 'niftiSlices', csv: missing }),
    says(UsageError, 'other.csv, line 2', 'labels/z.nii'),
  );
});

test('label maps: ids beyond 2²⁴ stay apart, the background is class 0 below which labels may lie', async (context) => {
  const { root, open } = await study(context, none);
  const write = (values: readonly number[], type: number) =>
    writeNifti(join(root, 'labels', 'a.nii'), { shape: [2, 3, 4], values, type, rows: ras });
  const classesOf = async (options = {}) => {
    const dataset = await open(options);
    return [dataset.classes, [...((await dataset.read(0)).label as Int32Array)]];
  };
  await write(none.with(4, 614454277).with(5, 614454278), 8);
  assert.deepEqual(await classesOf(), [
    ['background', 'label 614454277', 'label 614454278'],
    [1, 2, 0, 0, 0, 0],
  ]);
  assert.deepEqual((await classesOf({ maskValues: ['614454278'] }))[1], [0, 1, 0, 0, 0, 0]);
  assert.equal((await open({ maskValues: ['614454279'], slices: 'all' })).samples.length, 4);
  await assert.rejects(open({ maskValues: ['614454279'], slices: 'labelled' }), says(UsageError, 'no slice'));
  await write(none.with(4, -1).with(5, 2), 4);
  assert.deepEqual(await classesOf(), [
    ['background', 'label -1', 'label 2'],
    [1, 2, 0, 0, 0, 0],
  ]);
  // A command gives what looks like a number as one.
  assert.deepEqual(await classesOf({ maskValues: [2] }), [
    ['background', '2'],
    [0, 1, 0, 0, 0, 0],
  ]);
});

test('what the columns of a table say is not said beside it; of two label maps of one name none is taken', async (context) => {
  const { root, open } = await study(context, none.with(0, 1));
  const csv = await writeText(join(root, 'all.csv'), 'image,mask\nimages/a.nii.gz,labels/a.nii\n');
  for (const [name, value] of Object.entries({
    patientPattern: '(a)',
    maskSuffix: '_m',
    images: root,
    masks: root,
  })) {
    const choice = { name: 'niftiSlices', csv, [name]: value };
    await assert.rejects(openDataset(choice as never), says(UsageError, `"${name}"`, 'beside "csv"'));
  }
  await assert.rejects(open({ patientColumn: 'who' }), says(UsageError, '"patientColumn"', 'without "csv"'));
  await writeNifti(join(root, 'labels', 'a.nii.gz'), { shape: [2, 3, 4], values: none, rows: ras });
  await assert.rejects(open(), says(UsageError, 'a.nii and a.nii.gz', 'Remove one'));
});
