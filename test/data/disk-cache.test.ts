import assert from 'node:assert/strict';
import {
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { DatasetChoice } from '../../src/data/create.ts';
import { openDataset } from '../../src/data/create.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { cacheOnDisk, openDiskCache } from '../../src/data/disk-cache.ts';
import { RunError } from '../../src/errors.ts';
import { colours, says, temporaryFolder, writeImage } from './fixtures.ts';

/** Header, 8 × 9 × 3 pixels, checksum. */
const ENTRY = 16 + 4 * 216 + 32;

async function folderOfImages(context: TestContext) {
  const directory = await temporaryFolder(context);
  for (let i = 0; i < 6; i++) await writeImage(join(directory, i % 2 ? 'b' : 'a', `${i}.png`), colours(i));
  const choice: DatasetChoice = { name: 'imageFolder', directory, size: [8, 9] };
  return { directory, choice, dataset: await openDataset(choice) };
}

/** The dataset through a cache, and what it decoded. */
async function cached(dataset: Dataset, choice: DatasetChoice, directory: string, bytes = 1e6) {
  const decoded: string[] = [];
  const counting: Dataset = {
    ...dataset,
    read(index) {
      decoded.push(dataset.samples[index]!.id);
      return dataset.read(index);
    },
  };
  const cache = await openDiskCache(counting, choice, { directory, gigabytes: bytes / 1e9 });
  return { dataset: cacheOnDisk(counting, cache), decoded };
}

const filesIn = (directory: string) =>
  (readdirSync(directory, { recursive: true }) as string[])
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile());

async function readAll({ samples, read }: Dataset) {
  const found = [];
  for (const index of samples.keys()) found.push(await read(index));
  return found;
}

test('a second opening decodes nothing, and gives the same, in classification and segmentation', async (context) => {
  const { choice, dataset } = await folderOfImages(context);
  const masks: DatasetChoice = { name: 'skinLesions', count: 4, size: 16, task: 'segmentation' };
  for (const [one, its] of [
    [choice, dataset],
    [masks, await openDataset(masks)],
  ] as const) {
    const directory = await temporaryFolder(context);
    const expected = await readAll(its);
    const first = await cached(its, one, directory);
    assert.deepEqual(await readAll(first.dataset), expected);
    const second = await cached(its, one, directory);
    assert.deepEqual(await readAll(second.dataset), expected);
    assert.deepEqual([first.decoded.length, second.decoded.length], [its.samples.length, 0]);
  }
});

test('another size, another file or another time is decoded anew', async (context) => {
  const { directory, choice, dataset } = await folderOfImages(context);
  const folder = await temporaryFolder(context);
  await readAll((await cached(dataset, choice, folder)).dataset);
  await writeImage(join(directory, 'a', '0.png'), colours(50));
  utimesSync(join(directory, 'a', '2.png'), 1, 1);
  const changed = await cached(dataset, choice, folder);
  const samples = await readAll(changed.dataset);
  assert.deepEqual(changed.decoded, ['a/0.png', 'a/2.png']);
  assert.deepEqual(samples, await readAll(dataset));
  const smaller: DatasetChoice = { name: 'imageFolder', directory, size: [4, 4] };
  const other = await cached(await openDataset(smaller), smaller, folder);
  assert.equal((await other.dataset.read(0)).pixels.length, 48);
  assert.equal(other.decoded.length, 1);
});

test('entries that are damaged in any way are made again', async (context) => {
  const { choice, dataset } = await folderOfImages(context);
  const folder = await temporaryFolder(context);
  const expected = await readAll(dataset);
  await readAll((await cached(dataset, choice, folder)).dataset);
  const files = filesIn(folder);
  const bytes = readFileSync(files[0]!);
  bytes[100]! ^= 1;
  writeFileSync(files[0]!, bytes);
  truncateSync(files[1]!, 77);
  writeFileSync(files[2]!, '');
  writeFileSync(files[3]!, readFileSync(files[4]!));
  const again = await cached(dataset, choice, folder);
  assert.deepEqual(await readAll(again.dataset), expected);
  assert.equal(again.decoded.length, 4);
  const repaired = await cached(dataset, choice, folder);
  await readAll(repaired.dataset);
  assert.equal(repaired.decoded.length, 0);
});

test('the directory never holds more than it may; other data make room, the oldest first', async (context) => {
  const { choice, dataset } = await folderOfImages(context);
  const folder = await temporaryFolder(context);
  const size = () => filesIn(folder).reduce((sum, path) => sum + statSync(path).size, 0);
  const four = await cached(dataset, choice, folder, 4.5 * ENTRY);
  await readAll(four.dataset);
  assert.equal(size(), 4 * ENTRY);
  const again = await cached(dataset, choice, folder, 4.5 * ENTRY);
  await readAll(again.dataset);
  assert.equal(again.decoded.length, 2);
  const other: DatasetChoice = { ...choice, channels: 1 } as DatasetChoice;
  const grey = await openDataset(other);
  const third = await cached(grey, other, folder, 4.5 * ENTRY);
  await readAll(third.dataset);
  assert.ok(size() <= 4.5 * ENTRY);
  const fourth = await cached(grey, other, folder, 4.5 * ENTRY);
  await readAll(fourth.dataset);
  assert.equal(fourth.decoded.length, 0, 'the six grey images have their room');
  await cached(grey, other, folder, 1);
  assert.equal(size(), 0);
});

test('a directory that cannot be is refused; errors of the data pass through and are not kept', async (context) => {
  const { directory, choice, dataset } = await folderOfImages(context);
  const file = join(directory, 'a', '0.png');
  await assert.rejects(
    openDiskCache(dataset, choice, { directory: file, gigabytes: 1 }),
    says(RunError, 'data.cache.directory', file),
  );
  const folder = await temporaryFolder(context);
  writeFileSync(file, 'no image');
  const broken = await cached(dataset, choice, folder);
  await assert.rejects(broken.dataset.read(0), says(RunError, 'Cannot decode'));
  await writeImage(file, colours(1));
  assert.equal((await broken.dataset.read(0)).id, 'a/0.png');
});

test('other labels or classes of the same files are decoded anew: a class more, a table corrected', async (context) => {
  const { directory, choice, dataset } = await folderOfImages(context);
  const folder = await temporaryFolder(context);
  const labelsOf = async (its: Dataset, of: DatasetChoice) =>
    (await readAll((await cached(its, of, folder)).dataset)).map(({ label }) => label);
  assert.deepEqual(await labelsOf(dataset, choice), [0, 0, 0, 1, 1, 1]);
  await writeImage(join(directory, 'aa', '9.png'), colours(9));
  assert.deepEqual(await labelsOf(await openDataset(choice), choice), [0, 0, 0, 1, 2, 2, 2]);
  const csv = join(folder, 'labels.csv');
  const table: DatasetChoice = { name: 'imageCsv', csv, images: directory, labelColumn: 'dx', size: [8, 9] };
  for (const [rows, expected] of [
    ['0,x\n1,y', [0, 1]],
    ['0,y\n1,x', [1, 0]],
  ] as const) {
    writeFileSync(csv, `image_id,dx\n${rows}\n`);
    assert.deepEqual(await labelsOf(await openDataset(table), table), expected);
  }
});

test('an entry that another run takes away while the directory is listed is none', async (context) => {
  const { choice, dataset } = await folderOfImages(context);
  const directory = await temporaryFolder(context);
  const first = await cached(dataset, choice, directory);
  await readAll(first.dataset);
  // Listed, and not there to be looked at.
  symlinkSync(join(directory, 'gone'), join(directory, readdirSync(directory)[0]!, 'gone'));
  const second = await cached(dataset, choice, directory);
  await readAll(second.dataset);
  assert.equal(second.decoded.length, 0);
});
