import assert from 'node:assert/strict';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { unzipSync, zipSync } from 'fflate';
import { openDataset } from '../../src/data/create.ts';
import { parseNpy } from '../../src/data/npy.ts';
import { readNpz } from '../../src/data/npz.ts';
import { RunError, UsageError } from '../../src/errors.ts';
import { says, temporaryFolder, writeText } from './fixtures.ts';
import { npyBytes as npy } from './npy.ts';

const golden = (name: string) => fileURLToPath(new URL(`../golden/data/${name}`, import.meta.url));
const tiny = golden('tiny-mnist.npz');
const open = (file: string, options = {}) => openDataset({ name: 'medmnist', file, ...options });

/** The tiny archive with some arrays replaced, or left out where undefined. */
async function changed(
  context: TestContext,
  arrays: Record<string, Uint8Array | undefined>,
  name = 'set.npz',
) {
  const entries: Record<string, Uint8Array> = {};
  for (const [entry, bytes] of Object.entries({ ...unzipSync(await readFile(tiny)), ...arrays })) {
    if (bytes) entries[entry] = bytes;
  }
  const file = join(await temporaryFolder(context), name);
  await writeFile(file, zipSync(entries));
  return file;
}

test('images, labels and splits are those NumPy wrote', async () => {
  const dataset = await open(tiny);
  assert.equal(dataset.name, 'tiny-mnist');
  assert.deepEqual(dataset.imageShape, [4, 4, 1]);
  assert.deepEqual(dataset.classes, ['0', '1', '2']);
  assert.deepEqual(dataset.fixedSplits, { train: [0, 1, 2, 3, 4], validation: [5, 6], test: [7, 8, 9] });
  assert.deepEqual(
    dataset.samples.map(({ label }) => label),
    [0, 1, 2, 1, 0, 2, 0, 1, 1, 0],
  );
  const pixels = (count: number, index: number) =>
    Float32Array.from({ length: 16 }, (_, i) => (((index * 16 + i) * count) % 256) / 255);
  assert.deepEqual(await dataset.read(4), { id: 'train/4', pixels: pixels(3, 4), label: 0 });
  assert.deepEqual(await dataset.read(6), { id: 'validation/1', pixels: pixels(5, 1), label: 0 });
  assert.deepEqual(await dataset.read(9), { id: 'test/2', pixels: pixels(7, 2), label: 0 });
});

test('classes are named by the option, or by the name of the file', async (context) => {
  assert.deepEqual((await open(tiny, { classes: ['a', 'b', 'c'] })).classes, ['a', 'b', 'c']);
  await assert.rejects(
    open(tiny, { classes: ['a', 'b'] }),
    says(UsageError, tiny, 'label 2 of train/2', 'Expected 0 to 1'),
  );
  const zeros = Object.fromEntries(
    [
      ['train', 5],
      ['val', 2],
      ['test', 3],
    ].map(([split, n]) => [`${split}_labels.npy`, npy('|u1', [n as number, 1], new Uint8Array(n as number))]),
  );
  const file = await changed(context, zeros, 'pneumoniamnist_64.npz');
  assert.deepEqual((await open(file)).classes, ['normal', 'pneumonia']);
});

test('images are resized on demand; colour keeps its channels', async (context) => {
  const resized = await open(tiny, { size: [8, 6] });
  assert.deepEqual(resized.imageShape, [8, 6, 1]);
  assert.equal((await resized.read(0)).pixels.length, 48);
  const colour = (n: number) =>
    npy(
      '|u1',
      [n, 2, 2, 3],
      Uint8Array.from({ length: n * 12 }, (_, i) => [200, 100, 50][i % 3] as number),
    );
  const file = await changed(context, {
    'train_images.npy': colour(5),
    'val_images.npy': colour(2),
    'test_images.npy': colour(3),
  });
  for (const options of [{}, { size: [4, 4] }]) {
    const { pixels } = await (await open(file, options)).read(6);
    assert.deepEqual(pixels.slice(0, 3), Float32Array.of(200 / 255, 100 / 255, 50 / 255));
    assert.deepEqual(pixels.slice(-3), Float32Array.of(200 / 255, 100 / 255, 50 / 255));
  }
});

test('several labels an image, as ChestMNIST has', async (context) => {
  const labels = (n: number) =>
    npy(
      '|u1',
      [n, 14],
      Uint8Array.from({ length: n * 14 }, (_, i) => (i % 3 === 0 ? 1 : 0)),
    );
  const arrays = { 'train_labels.npy': labels(5), 'val_labels.npy': labels(2), 'test_labels.npy': labels(3) };
  const dataset = await open(await changed(context, arrays, 'chestmnist_64.npz'));
  assert.equal(dataset.task, 'multilabel');
  assert.deepEqual(
    [dataset.classes.length, dataset.classes[0], dataset.classes[13]],
    [14, 'atelectasis', 'hernia'],
  );
  const second = Array.from({ length: 14 }, (_, i) => ((i + 14) % 3 === 0 ? 1 : 0));
  assert.deepEqual(dataset.samples[1], { id: 'train/1', patient: 'train/1', labels: second });
  assert.deepEqual((await dataset.read(6)).label, Int32Array.from(second));
  const other = await changed(context, arrays);
  assert.deepEqual((await open(other)).classes[13], '13');
  await assert.rejects(open(other, { classes: ['a'] }), says(UsageError, '14 labels', 'names 1'));
  const wrong = npy('|u1', [2, 14], new Uint8Array(28).fill(2));
  const damaged = await changed(context, { ...arrays, 'val_labels.npy': wrong });
  await assert.rejects(open(damaged), says(UsageError, 'found 2 at validation/0'));
});

test('archives of another kind are refused with what they hold', async (context) => {
  const refuses = async (arrays: Record<string, Uint8Array | undefined>, ...parts: string[]) =>
    assert.rejects(open(await changed(context, arrays)), says(UsageError, ...parts));
  await refuses({ 'val_images.npy': undefined }, 'no array "val_images"', 'train_images');
  const volumes = npy('|u1', [5, 2, 2, 2], new Uint8Array(40));
  await refuses({ 'train_images.npy': volumes }, 'train_images', '[5, 2, 2, 2]', 'Volumes');
  const several = npy('|u1', [5, 3], new Uint8Array(15));
  await refuses({ 'train_labels.npy': several }, 'train has 3 labels an image, validation has 1');
  const maps = npy('|u1', [5, 3, 2], new Uint8Array(30));
  await refuses({ 'train_labels.npy': maps }, 'train_labels', '[5, 3, 2]', '[5, labels]');
  const small = npy('|u1', [2, 3, 3], new Uint8Array(18));
  await refuses({ 'val_images.npy': small }, 'train and validation differ', '[3, 3, 1]');
});

test('a file that is missing, cut or no archive is named', async (context) => {
  const folder = await temporaryFolder(context);
  await assert.rejects(open(join(folder, 'gone.npz')), says(UsageError, '"file"', 'gone.npz', 'ENOENT'));
  const large = await writeText(join(folder, 'large.npz'), '');
  await truncate(large, 2 ** 31);
  await assert.rejects(open(large), says(UsageError, 'large.npz', 'would take 2147483648 bytes'));
  await assert.rejects(open(''), says(UsageError, '"file"', 'Set it'));
  const bytes = await readFile(tiny);
  for (const content of [bytes.subarray(0, bytes.length / 2), Buffer.from('hello')]) {
    const file = join(folder, 'cut.npz');
    await writeFile(file, content);
    await assert.rejects(open(file), says(RunError, file, 'cannot be unzipped'));
  }
  const short = npy('|u1', [5, 4, 4], new Uint8Array(70));
  const file = await changed(context, { 'train_images.npy': short });
  await assert.rejects(open(file), says(RunError, 'train_images', file, 'last 10 bytes are missing'));
});

test('every type and order that NumPy writes is read', async () => {
  const file = golden('other-types.npz');
  const names = ['bool', 'int8', 'uint16', 'scalar', 'float32', 'big', 'fortran'] as const;
  const arrays = await readNpz('test', file, names);
  const read = (name: (typeof names)[number]) => [[...arrays[name].values], arrays[name].shape];
  assert.deepEqual(read('bool'), [[1, 0], [2]]);
  assert.deepEqual(read('int8'), [[-3, 4], [2]]);
  assert.deepEqual(read('uint16'), [
    [1, 65535],
    [1, 2],
  ]);
  assert.deepEqual(read('scalar'), [[7], []]);
  assert.deepEqual(read('float32'), [[1, 1], [2]]);
  assert.deepEqual(read('big'), [[1, 2], [2]]);
  assert.deepEqual(read('fortran'), [
    [0, 1, 2, 3, 4, 5],
    [2, 3],
  ]);
  assert.throws(() => parseNpy(new Uint8Array(20)), /not a NumPy array/);
  assert.throws(() => parseNpy(npy('<c8', [1], new Uint8Array(8))), /its type is <c8/);
  assert.throws(() => parseNpy(npy('|O', [1], new Uint8Array(8))), /its type is \|O/);
  assert.throws(
    () => parseNpy(npy('<f8', [60000, 60000], new Uint8Array(8))),
    /would take 28800000000 bytes/,
  );
  const signed = parseNpy(npy('<i8', [1], Uint8Array.of(254, 255, 255, 255, 255, 255, 255, 255)));
  assert.deepEqual([...signed.values], [-2]);
});
