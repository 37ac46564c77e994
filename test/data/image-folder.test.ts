import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { openDataset } from '../../src/data/create.ts';
import { UsageError } from '../../src/errors.ts';
import { colours, says, temporaryFolder, writeImage, writeText } from './fixtures.ts';

const open = (directory: string, options = {}) =>
  openDataset({ name: 'imageFolder', directory, size: [4, 4], ...options });

test('classes are the sorted sub-folders; hidden and other files are left out', async (context) => {
  const folder = await temporaryFolder(context);
  for (const file of ['b/2.png', 'b/deeper/1.jpg', 'a/x.PNG', 'a/.hidden.png', '.git/y.png', 'loose.png']) {
    await writeImage(join(folder, file.replace('PNG', 'png')), colours(1));
  }
  await writeText(join(folder, 'a/notes.txt'), 'not an image');
  const dataset = await open(folder);
  assert.equal(dataset.name, basename(folder));
  assert.deepEqual(dataset.classes, ['a', 'b']);
  assert.deepEqual(
    dataset.samples.map(({ id, label }) => [id, label]),
    [
      ['a/x.png', 0],
      ['b/2.png', 1],
      ['b/deeper/1.jpg', 1],
    ],
  );
});

test('patients are what the group of patientPattern matches in the file name', async (context) => {
  const folder = await temporaryFolder(context);
  for (const file of ['a/p1-1.png', 'b/p1-2.png', 'b/p2-1.png'])
    await writeImage(join(folder, file), colours(1));
  const patients = (await open(folder, { patientPattern: '^(p\\d+)' })).samples.map(({ patient }) => patient);
  assert.deepEqual(patients, ['p1', 'p1', 'p2']);
  const ids = (await open(folder)).samples;
  assert.ok(ids.every(({ id, patient }) => id === patient));
});

test('a patientPattern that misses a file, has no group or is no expression is refused', async (context) => {
  const folder = await temporaryFolder(context);
  for (const file of ['a/p1.png', 'b/other.png']) await writeImage(join(folder, file), colours(1));
  const refuses = (patientPattern: string, ...parts: string[]) =>
    assert.rejects(open(folder, { patientPattern }), says(UsageError, 'patientPattern', ...parts));
  await refuses('^(p\\d)', 'does not match', 'other.png');
  await refuses('p\\d', 'one capture group', 'with 0');
  await refuses('(p)(\\d)', 'with 2');
  await refuses('(p', 'Invalid regular expression');
});

test('a folder that is not there, is a file or was not given is refused', async (context) => {
  const folder = await temporaryFolder(context);
  const file = await writeText(join(folder, 'file'), '');
  await assert.rejects(open(join(folder, 'gone')), says(UsageError, '"directory"', 'gone', 'there is none'));
  await assert.rejects(open(file), says(UsageError, '"directory"', file, 'it is a file'));
  await assert.rejects(open(''), says(UsageError, '"directory"', 'Set it'));
});

test('no class, one class, or a class without images is refused', async (context) => {
  const folder = await temporaryFolder(context);
  await assert.rejects(open(folder), says(UsageError, folder, 'two sub-folders or more', 'found 0'));
  await writeImage(join(folder, 'a/1.png'), colours(1));
  await assert.rejects(open(folder), says(UsageError, 'found 1 (a)'));
  await mkdir(join(folder, 'empty'));
  await assert.rejects(open(folder), says(UsageError, 'There is no image in', join(folder, 'empty'), '.png'));
});

test('a folder may be called as a file is; a link to a file is no class', async (context) => {
  const folder = await temporaryFolder(context);
  for (const file of ['a/series.dcm/1.png', 'b/1.png']) await writeImage(join(folder, file), colours(1));
  await symlink(await writeText(join(folder, 'notes.txt'), ''), join(folder, 'readme'));
  await symlink(join(folder, 'b'), join(folder, 'c'));
  const dataset = await open(folder);
  assert.deepEqual(dataset.classes, ['a', 'b', 'c']);
  assert.deepEqual(
    dataset.samples.map(({ id }) => id),
    ['a/series.dcm/1.png', 'b/1.png', 'c/1.png'],
  );
});

test('a window of words is refused', async (context) => {
  const folder = await temporaryFolder(context);
  await assert.rejects(open(folder, { window: ['a', 'b'] }), says(UsageError, 'window', '[low, high]'));
});
