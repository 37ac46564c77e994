import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import sharp from 'sharp';
import { formatInspection } from '../../src/cli/inspection-table.ts';
import { openDataset } from '../../src/data/create.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { duplicatesAcross, inspect } from '../../src/train/inspect.ts';
import { colours, memoryDataset, raster, temporaryFolder, writeImage, writeText } from '../data/fixtures.ts';
import { medrobust, tinyFile } from '../e2e/command.ts';

/** Eight images, of which one is a copy with another label, one a copy in its class, and one no image. */
async function messyFolder(context: TestContext) {
  const directory = await temporaryFolder(context);
  for (let i = 0; i < 8; i++)
    await writeImage(join(directory, i % 2 ? 'b' : 'a', `p${i >> 1}-${i}.png`), colours(i, 12 + (i % 3), 10));
  copyFileSync(join(directory, 'a', 'p0-0.png'), join(directory, 'b', 'p7-copy.png'));
  copyFileSync(join(directory, 'a', 'p1-2.png'), join(directory, 'a', 'p8-copy.png'));
  await writeText(join(directory, 'a', 'p9-bad.png'), 'no image');
  const choice = { name: 'imageFolder', directory, patientPattern: '^(p\\d+)-', size: [9, 8] } as const;
  return { directory, choice, dataset: await openDataset(choice) };
}

/** The samples of `dataset` with these ids for training, the others for validation. */
const divided =
  ({ samples }: Dataset, train: (id: string) => boolean) =>
  () => ({
    train: [...samples.keys()].filter((index) => train(samples[index]!.id)),
    validation: [...samples.keys()].filter((index) => !train(samples[index]!.id)),
    test: [],
  });

test('counts, sizes, duplicates, contradictions, leaks and bad files are found', async (context) => {
  const { dataset, directory } = await messyFolder(context);
  const divide = divided(dataset, (id) => id.startsWith('a/') || id === 'b/p0-1.png');
  const found = await inspect(dataset, divide);
  assert.deepEqual(found.all, { samples: 11, patients: 7, classes: [6, 5] });
  assert.deepEqual(found.splits?.train, { samples: 7, patients: 6, classes: [6, 1] });
  assert.deepEqual(found.fileSizes[0], { width: 12, height: 10, count: 4 });
  assert.equal(
    found.fileSizes.reduce((sum, { count }) => sum + count, 0),
    10,
  );
  assert.deepEqual(found.fileBits, [{ bits: 8, count: 10 }]);
  assert.deepEqual(found.duplicates, [
    { ids: ['a/p0-0.png', 'b/p7-copy.png'], splits: ['train', 'validation'], contradictory: true },
    { ids: ['a/p1-2.png', 'a/p8-copy.png'], splits: ['train', 'train'], contradictory: false },
  ]);
  assert.deepEqual(
    duplicatesAcross(found).map(({ ids }) => ids[0]),
    ['a/p0-0.png'],
  );
  assert.deepEqual(found.leaks.map(({ patient }) => patient).sort(), ['p1', 'p2', 'p3']);
  assert.deepEqual(
    found.bad.map(({ id }) => id),
    ['a/p9-bad.png'],
  );
  assert.match(found.bad[0]!.reason, new RegExp(join(directory, 'a/p9-bad.png')));
});

test('files of 16 bits among those of 8 are counted, and said', async (context) => {
  const directory = await temporaryFolder(context);
  for (let i = 0; i < 4; i++)
    await writeImage(join(directory, i % 2 ? 'b' : 'a', `${i}.png`), colours(i, 9, 8));
  const wide = Uint16Array.from({ length: 72 }, (_, i) => i * 50);
  await sharp(wide, { raw: { width: 9, height: 8, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toFile(join(directory, 'a', 'wide.png'));
  const found = await inspect(await openDataset({ name: 'imageFolder', directory, size: [9, 8] }));
  assert.deepEqual(found.fileBits, [
    { bits: 8, count: 4 },
    { bits: 16, count: 1 },
  ]);
  assert.match(formatInspection(found), /^bits of a value: 8 \(4\), 16 \(1\); they should be alike$/m);
});

test('intensities are those of the pixels; classes of masks are shares of pixels', async () => {
  const samples = [0, 1, 2, 3].map((i) => ({ id: `s${i}`, patient: `s${i}` }));
  const dataset = memoryDataset(samples, {
    task: 'segmentation',
    read: async (index) => ({
      id: `s${index}`,
      pixels: new Float32Array(6).fill(index / 4),
      label: Int32Array.of(0, 0, 0, 1, index % 2, -1),
    }),
  });
  const { intensities, all, splits, duplicates } = await inspect(dataset);
  assert.deepEqual(
    [intensities![0]!.lowest, intensities![0]!.highest, intensities![0]!.mean],
    [0, 0.75, 0.375],
  );
  assert.ok(Math.abs(intensities![0]!.deviation - Math.sqrt(5) / 8) < 1e-6);
  assert.deepEqual(all.classes, [0.7, 0.3, 0]);
  assert.equal(splits, undefined);
  assert.deepEqual(duplicates, []);
});

test('data inspect: a table, a contact sheet, JSON; --verify says by its code that something is wrong', async (context) => {
  const { directory } = await messyFolder(context);
  const sheet = join(await temporaryFolder(context), 'sheet.png');
  const options = ['--set', `directory=${directory}`, '--set', 'size=9,8', '--sheet', sheet];
  const shown = await medrobust(['data', 'inspect', 'imageFolder', ...options]);
  assert.deepEqual([shown.code, shown.stderr], [0, '']);
  assert.match(shown.stdout, /images +11\n/);
  assert.match(shown.stdout, /duplicates: 2 groups of identical images, 1 with different labels/);
  assert.match(shown.stdout, /files that cannot be read: 1\n {2}a\/p9-bad\.png: Cannot decode/);
  const { width = 0, height = 0 } = await sharp(readFileSync(sheet)).metadata();
  assert.ok(width > 600 && height > 300, `${width} × ${height}`);
  const verified = await medrobust([
    'data',
    'inspect',
    'imageFolder',
    '--set',
    `directory=${directory}`,
    '--verify',
    '--json',
  ]);
  assert.equal(verified.code, 1);
  assert.equal(JSON.parse(verified.stdout).bad.length, 1);
});

test('data inspect of an experiment divides as training does, and is content with clean data', async (context) => {
  const sheet = join(await temporaryFolder(context), 'sheet.png');
  const { code, stdout } = await medrobust(['data', 'inspect', tinyFile, '--json', '--verify']);
  const found = JSON.parse(stdout);
  assert.equal(code, 0);
  assert.deepEqual(
    [found.splits.train.samples, found.splits.validation.samples, found.splits.test.samples],
    [16, 12, 12],
  );
  assert.ok(!existsSync(sheet));
  const folds = await medrobust([
    'data',
    'inspect',
    tinyFile,
    '--set',
    'data.split.folds=4',
    '--set',
    'data.split.fold=1',
    '--sheet',
    sheet,
  ]);
  assert.match(folds.stdout, /images +40 +21 +7 +12\n/);
  assert.ok(existsSync(sheet));
});

test('a mask is outlined on its image', async (context) => {
  const folder = await temporaryFolder(context);
  await writeImage(
    join(folder, 'images', 'x.png'),
    raster(16, 16, 3, () => 128),
  );
  await writeImage(
    join(folder, 'masks', 'x.png'),
    raster(16, 16, 1, (row) => (row < 8 ? 255 : 0)),
  );
  const sheet = join(folder, 'sheet.png');
  const set = [`images=${folder}/images`, `masks=${folder}/masks`, 'size=16,16'].flatMap((one) => [
    '--set',
    one,
  ]);
  await medrobust(['data', 'inspect', 'imageMasks', ...set, '--sheet', sheet]);
  const { data, info } = await sharp(sheet).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [
    ...data.subarray((y * info.width + x) * info.channels, (y * info.width + x) * info.channels + 3),
  ];
  // The cell begins at 20, 50 in units of two pixels, and is 256 pixels in size.
  assert.deepEqual(at(40 + 128, 100 + 200), [128, 128, 128]);
  assert.deepEqual(at(40 + 128, 100 + 60), [128, 128, 128]);
  assert.deepEqual(at(40 + 128, 100 + 126), [255, 255, 255]);
});
