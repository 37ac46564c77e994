import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { openDataset } from '../../src/data/create.ts';
import { RunError, UsageError } from '../../src/errors.ts';
import { colours, raster, says, temporaryFolder, writeImage, writeText } from './fixtures.ts';
import { withChecksums } from './png.ts';

/** Image `a.jpg` of 4 × 2 pixels with the mask `a<suffix>.png` of `values`. */
async function study(
  context: TestContext,
  values: readonly number[],
  { suffix = '', folder = 'masks' } = {},
) {
  const root = await temporaryFolder(context);
  await writeImage(join(root, 'images', 'a.jpg'), colours(1, 4, 2));
  const mask = raster(4, 2, 1, (row, column) => values[row * 4 + column] as number);
  await writeImage(join(root, folder, `a${suffix}.png`), mask);
  const open = (options = {}) =>
    openDataset({
      name: 'imageMasks',
      images: join(root, 'images'),
      masks: join(root, folder),
      maskSuffix: suffix,
      size: [2, 4],
      ...options,
    });
  const classesOf = async (options = {}) => [...((await (await open(options)).read(0)).label as Int32Array)];
  return { root, open, classesOf };
}

test('two classes: what lies above the threshold is foreground', async (context) => {
  const { open, classesOf } = await study(context, [0, 255, 127, 128, 1, 254, 0, 255], {
    suffix: '_segmentation',
  });
  assert.deepEqual(await classesOf(), [0, 1, 0, 1, 0, 1, 0, 1]);
  assert.deepEqual(await classesOf({ maskThreshold: 0 }), [0, 1, 1, 1, 1, 1, 0, 1]);
  const dataset = await open();
  assert.equal(dataset.task, 'segmentation');
  assert.deepEqual(dataset.classes, ['background', 'foreground']);
  assert.deepEqual(dataset.samples, [{ id: 'a', patient: 'a' }]);
});

test('an empty mask is all background; one of small values is not taken for empty', async (context) => {
  assert.deepEqual(
    await (await study(context, [0, 0, 0, 0, 0, 0, 0, 0])).classesOf(),
    [0, 0, 0, 0, 0, 0, 0, 0],
  );
  const ones = await study(context, [0, 1, 1, 0, 0, 0, 0, 1]);
  await assert.rejects(ones.classesOf(), says(UsageError, 'a.png', 'largest value is 1', 'maskValues'));
  assert.deepEqual(await ones.classesOf({ maskValues: [0, 1] }), [0, 1, 1, 0, 0, 0, 0, 1]);
});

test('more classes: the value is the class, or stands in maskValues', async (context) => {
  const classes = ['background', 'disc', 'cup'];
  const plain = await study(context, [0, 1, 2, 2, 1, 0, 0, 1]);
  assert.deepEqual(await plain.classesOf({ classes }), [0, 1, 2, 2, 1, 0, 0, 1]);
  const spread = await study(context, [255, 128, 0, 0, 128, 255, 255, 255]);
  assert.deepEqual(await spread.classesOf({ classes, maskValues: [255, 128, 0] }), [0, 1, 2, 2, 1, 0, 0, 0]);
  await assert.rejects(spread.classesOf({ classes }), says(UsageError, 'a.png', '0, 1, 2', 'found 255'));
});

test('images and masks may share a folder', async (context) => {
  const { open } = await study(context, [0, 0, 0, 0, 0, 0, 0, 255], { suffix: '_mask', folder: 'images' });
  const dataset = await open();
  assert.deepEqual(
    dataset.samples.map(({ id }) => id),
    ['a'],
  );
  await assert.rejects(open({ maskSuffix: '' }), says(UsageError, 'maskSuffix', 'share a folder'));
});

test('an image without a mask is refused before anything is read', async (context) => {
  const { root, open } = await study(context, [0, 0, 0, 0, 0, 0, 0, 0], { suffix: '_m' });
  await writeImage(join(root, 'images', 'b.jpg'), colours(2));
  await assert.rejects(
    open(),
    says(UsageError, join(root, 'images', 'b.jpg'), join(root, 'masks', 'b_m.png')),
  );
});

test('two images of one name are refused', async (context) => {
  const { root, open } = await study(context, [0, 0, 0, 0, 0, 0, 0, 0]);
  await writeImage(join(root, 'images', 'a.png'), colours(2));
  await assert.rejects(open(), says(UsageError, 'a.jpg and a.png', 'Remove one'));
});

test('an image and a mask of different sizes are refused with both', async (context) => {
  const { root, classesOf } = await study(context, [0, 0, 0, 0, 0, 0, 0, 0]);
  await writeImage(
    join(root, 'masks', 'a.png'),
    raster(5, 2, 1, () => 0),
  );
  await assert.rejects(
    classesOf(),
    says(UsageError, join(root, 'images', 'a.jpg'), '4 × 2', join(root, 'masks', 'a.png'), '5 × 2'),
  );
});

test('a damaged mask is named', async (context) => {
  const { root, classesOf } = await study(context, [0, 0, 0, 0, 0, 0, 0, 0]);
  const file = await writeText(join(root, 'masks', 'a.png'), 'no image');
  await assert.rejects(classesOf(), says(RunError, file));
});

test('options that contradict each other are refused', async (context) => {
  const { open } = await study(context, [0, 0, 0, 0, 0, 0, 0, 0]);
  const refuses = (options: object, ...parts: string[]) =>
    assert.rejects(open(options), says(UsageError, ...parts));
  await refuses({ classes: ['one'] }, '"classes"', 'at least two');
  await refuses({ maskValues: [0, 1, 2] }, '"maskValues"', '2 different values');
  await refuses({ maskValues: [7, 7] }, '"maskValues"', '2 different values');
  await refuses({ maskThreshold: -1 }, '"maskThreshold"', '-1');
});

test('colours of an RGB mask, or of a palette, are classes', async (context) => {
  const root = await temporaryFolder(context);
  const colour = [
    [0, 0, 0],
    [255, 0, 0],
    [0, 128, 255],
  ];
  const map = [0, 1, 2, 1, 0, 0, 2, 2];
  const mask = raster(
    4,
    2,
    3,
    (row, column, channel) => colour[map[row * 4 + column] as number]?.[channel] as number,
  );
  await writeImage(join(root, 'images', 'a.png'), colours(1, 4, 2));
  await writeImage(join(root, 'masks', 'a.png'), mask);
  const open = (options = {}) =>
    openDataset({
      name: 'imageMasks',
      images: join(root, 'images'),
      masks: join(root, 'masks'),
      classes: ['background', 'disc', 'cup'],
      maskColours: ['#000000', '#FF0000', '#0080ff'],
      size: [2, 4],
      ...options,
    });
  assert.deepEqual([...((await (await open()).read(0)).label as Int32Array)], map);
  const { width, height, channels, values } = mask;
  const indexed = sharp(values, { raw: { width, height, channels } }).png({ palette: true });
  await writeText(join(root, 'masks', 'a.png'), await indexed.toBuffer());
  assert.deepEqual([...((await (await open()).read(0)).label as Int32Array)], map);
  const missing = await open({ maskColours: ['#000000', '#ff0000', '#00ff00'] });
  await assert.rejects(
    missing.read(0),
    says(UsageError, 'a.png', '0 128 255', 'row 0, column 2', 'maskColours'),
  );
  for (const maskColours of [
    ['#000000'],
    ['#000000', '#ff0000', 'blue'],
    ['#000000', '#000000', '#ff0000'],
  ]) {
    await assert.rejects(open({ maskColours }), says(UsageError, 'maskColours', '3 different colours'));
  }
});

test('a folder of masks for each image, one an instance', async (context) => {
  const root = await temporaryFolder(context);
  for (const name of ['a', 'b']) {
    await writeImage(join(root, name, 'images', `${name}.png`), colours(1, 4, 1));
    for (const column of name === 'a' ? [0, 2] : [3]) {
      const one = raster(4, 1, 1, (_, x) => (x === column ? 255 : 0));
      await writeImage(join(root, name, 'masks', `${column}.png`), one);
    }
  }
  const choice = {
    name: 'imageMasks',
    images: root,
    masks: join(root, '{name}', 'masks'),
    size: [1, 4],
  } as const;
  const dataset = await openDataset(choice);
  assert.deepEqual(
    dataset.samples.map(({ id }) => id),
    ['a/images/a', 'b/images/b'],
  );
  assert.deepEqual([...((await dataset.read(0)).label as Int32Array)], [1, 0, 1, 0]);
  assert.deepEqual([...((await dataset.read(1)).label as Int32Array)], [0, 0, 0, 1]);
  await writeImage(join(root, 'c', 'images', 'c.png'), colours(1, 4, 1));
  await assert.rejects(openDataset(choice), says(UsageError, 'c.png', 'has no masks', join('c', 'masks')));
});

test('of two masks of one name neither is taken; nor is a folder for two images', async (context) => {
  const { root, open } = await study(context, [0, 0, 0, 0, 0, 0, 0, 255]);
  const mask = raster(4, 2, 1, () => 0);
  await writeImage(join(root, 'masks', 'other.tif'), mask);
  await writeImage(join(root, 'masks', 'other.png'), mask);
  await open();
  await writeImage(join(root, 'masks', 'a.tif'), mask);
  await assert.rejects(open(), says(UsageError, 'a.png and a.tif', join(root, 'masks'), 'Remove one'));
  const images = join(root, 'two');
  for (const name of ['x/$&.png', 'y/$&.png']) await writeImage(join(images, name), colours(1, 4, 2));
  await writeImage(join(root, 'of', '$&', '1.png'), mask);
  await assert.rejects(
    open({ images, masks: join(root, 'of', '{name}') }),
    says(UsageError, 'x/$&.png and y/$&.png', join('of', '$&'), 'one folder of masks'),
  );
});

/** A grey ICC profile with a gamma of 1.8. */
function greyProfile(): Buffer {
  const white = Buffer.alloc(12);
  for (const [i, value] of [0.9642, 1, 0.8249].entries())
    white.writeInt32BE(Math.round(value * 65536), 4 * i);
  const tags: [name: string, content: Buffer][] = [
    ['desc', Buffer.concat([Buffer.from('desc\0\0\0\0\0\0\0\x05grey\0'), Buffer.alloc(78 + 1)])],
    ['cprt', Buffer.from('text\0\0\0\0none')],
    ['wtpt', Buffer.concat([Buffer.from('XYZ \0\0\0\0'), white])],
    ['kTRC', Buffer.from([...Buffer.from('curv\0\0\0\0\0\0\0\x01'), 0x01, 0xcd, 0, 0])],
  ];
  const size = (content: Buffer) => 4 * Math.ceil(content.length / 4);
  const start = 128 + 4 + 12 * tags.length;
  const profile = Buffer.alloc(tags.reduce((sum, [, content]) => sum + size(content), start));
  profile.writeUInt32BE(profile.length, 0);
  profile.writeUInt32BE(0x02400000, 8);
  profile.write('mntrGRAYXYZ ', 12);
  profile.write('acsp', 36);
  white.copy(profile, 68);
  profile.writeUInt32BE(tags.length, 128);
  let at = start;
  for (const [i, [name, content]] of tags.entries()) {
    profile.write(name, 132 + 12 * i);
    profile.writeUInt32BE(at, 136 + 12 * i);
    profile.writeUInt32BE(content.length, 140 + 12 * i);
    content.copy(profile, at);
    at += size(content);
  }
  return profile;
}

test('a colour profile does not change the values of a mask', async (context) => {
  const values = [0, 1, 2, 3, 5, 64, 128, 255];
  const { root, open } = await study(context, values);
  const file = join(root, 'masks', 'a.png');
  const bytes = await readFile(file);
  const content = Buffer.concat([Buffer.from('iCCPg\0\0'), deflateSync(greyProfile())]);
  const chunk = Buffer.alloc(4 + content.length + 4);
  chunk.writeUInt32BE(content.length - 4, 0);
  content.copy(chunk, 4);
  // Behind the header, which is the first chunk.
  await writeText(file, withChecksums(Buffer.concat([bytes.subarray(0, 33), chunk, bytes.subarray(33)])));
  assert.equal((await sharp(file).metadata()).hasProfile, true);
  const dataset = await open({ classes: values.map(String), maskValues: values });
  assert.deepEqual([...((await dataset.read(0)).label as Int32Array)], [...values.keys()]);
});
