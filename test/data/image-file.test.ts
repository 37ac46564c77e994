import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeImage, type ImageTarget, imageTarget } from '../../src/data/image-file.ts';
import { decodeMask } from '../../src/data/mask-file.ts';
import { RunError, UsageError } from '../../src/errors.ts';
import { assertClose } from '../support.ts';
import { colours, raster, says, temporaryFolder, writeImage } from './fixtures.ts';

/** Half a step of 8 bits: what rounding in the decoder or in JPEG at full quality may cost. */
const halfStep = 0.5 / 255;

const as = (height: number, width: number, channels: number, fit = 'squash'): ImageTarget =>
  imageTarget('test', { size: [height, width], channels, fit });

test('an 8-bit PNG at its own size is its values over 255', async (context) => {
  const image = colours(3);
  const file = await writeImage(join(await temporaryFolder(context), 'a.png'), image);
  const { pixels, width, height } = await decodeImage(file, as(10, 12, 3));
  assert.deepEqual([width, height], [12, 10]);
  assert.deepEqual(
    pixels,
    Float32Array.from(image.values, (value) => value / 255),
  );
});

test('a 16-bit PNG keeps its 16 bits, in grey and in colour', async (context) => {
  const folder = await temporaryFolder(context);
  const value = (row: number, column: number, channel: number) => row * 16384 + column * 4097 + channel;
  for (const channels of [1, 3] as const) {
    const image = raster(4, 4, channels, value, 16);
    const file = await writeImage(join(folder, `${channels}.png`), image);
    const { pixels } = await decodeImage(file, as(4, 4, channels));
    assert.deepEqual(
      pixels,
      Float32Array.from(image.values, (v) => v / 65535),
    );
  }
});

test('a 16-bit image is resized in 16 bits', async (context) => {
  // All values lie within one step of 8 bits; in 8 bits they would be one or two.
  const image = raster(64, 8, 1, (_, column) => 1000 + 4 * column, 16);
  const file = await writeImage(join(await temporaryFolder(context), 'a.png'), image);
  const { pixels } = await decodeImage(file, as(1, 16, 1));
  assert.equal(new Set(pixels).size, 16);
});

test('grey from colour is the luma of BT.601, and equal channels keep their value', async (context) => {
  const folder = await temporaryFolder(context);
  const primaries = raster(3, 1, 3, (_, column, channel) => (column === channel ? 255 : 0));
  const luma = await decodeImage(await writeImage(join(folder, 'a.png'), primaries), as(1, 3, 1));
  assertClose(luma.pixels, [0.299, 0.587, 0.114]);
  const grey = raster(256, 1, 3, (_, column) => column);
  const { pixels } = await decodeImage(await writeImage(join(folder, 'b.png'), grey), as(1, 256, 1));
  assert.deepEqual(
    pixels,
    Float32Array.from({ length: 256 }, (_, i) => i / 255),
  );
});

test('grey becomes three equal channels', async (context) => {
  const image = raster(5, 4, 1, (row, column) => row * 50 + column * 9);
  const file = await writeImage(join(await temporaryFolder(context), 'a.png'), image);
  const { pixels } = await decodeImage(file, as(4, 5, 3));
  assert.deepEqual(
    pixels,
    Float32Array.from({ length: 60 }, (_, i) => (image.values[Math.floor(i / 3)] as number) / 255),
  );
});

test('transparency is laid on black', async (context) => {
  const image = raster(2, 1, 4, (_, column, channel) => (channel === 3 ? [128, 0][column] : 200) as number);
  const file = await writeImage(join(await temporaryFolder(context), 'a.png'), image);
  const { pixels } = await decodeImage(file, as(1, 2, 3));
  const covered = (200 * 128) / 255 / 255;
  assertClose(pixels, [covered, covered, covered, 0, 0, 0], { absolute: 2 * halfStep });
});

test('EXIF orientation turns the image before it is cropped', async (context) => {
  const image = raster(40, 20, 3, (row, column, channel) => [column * 6, row * 12, 0][channel] as number);
  const file = await writeImage(join(await temporaryFolder(context), 'a.jpg'), image, 6);
  const { pixels, width, height } = await decodeImage(file, as(20, 20, 3, 'crop'));
  assert.deepEqual([width, height], [20, 40]);
  // Orientation 6: the stored rows run from right to left. The crop keeps stored columns 10 to 29.
  const red = Array.from({ length: 20 }, (_, row) => pixels[row * 60] as number);
  const green = Array.from({ length: 20 }, (_, column) => pixels[column * 3 + 1] as number);
  const jpeg = { absolute: 4 / 255 }; // JPEG codes colour differences, in whole numbers
  assertClose(
    red,
    red.map((_, row) => ((row + 10) * 6) / 255),
    jpeg,
  );
  assertClose(
    green,
    green.map((_, column) => ((19 - column) * 12) / 255),
    jpeg,
  );
});

test('crop keeps the centre and the aspect, squash keeps everything', async (context) => {
  const image = raster(30, 10, 1, (_, column) => (column < 10 || column >= 20 ? 255 : column * 5));
  const file = await writeImage(join(await temporaryFolder(context), 'a.png'), image);
  const cropped = await decodeImage(file, as(10, 10, 1, 'crop'));
  const middle = Float32Array.from({ length: 100 }, (_, i) => ((10 + (i % 10)) * 5) / 255);
  assert.deepEqual(cropped.pixels, middle);
  const squashed = await decodeImage(file, as(10, 10, 1));
  assert.equal(squashed.pixels[0], 1);
  assert.equal(squashed.pixels[9], 1);
});

test('shrinking averages: a fine chequerboard becomes even grey', async (context) => {
  const image = raster(64, 64, 1, (row, column) => ((row + column) % 2) * 200);
  const file = await writeImage(join(await temporaryFolder(context), 'a.png'), image);
  const { pixels } = await decodeImage(file, as(8, 8, 1));
  // Inside; at the edge the filter sees the border pixel repeated.
  const inside = [...pixels].filter((_, i) => i % 8 > 0 && i % 8 < 7 && i > 8 && i < 55);
  assertClose(
    inside,
    inside.map(() => 100 / 255),
    { absolute: 2 * halfStep },
  );
});

test('a mask is resized to the nearest pixel and keeps its values', async (context) => {
  const folder = await temporaryFolder(context);
  const image = raster(6, 4, 1, (row, column) => row * 6 + column);
  const file = await writeImage(join(folder, 'a.png'), image);
  assert.deepEqual([...(await decodeMask(file, as(4, 6, 1))).values], [...image.values]);
  assert.deepEqual([...(await decodeMask(file, as(2, 2, 1))).values], [7, 10, 19, 22]);
  assert.deepEqual([...(await decodeMask(file, as(2, 2, 1, 'crop'))).values], [8, 10, 20, 22]);
  const wide = raster(3, 1, 1, (_, column) => column * 30000, 16);
  const wideFile = await writeImage(join(folder, 'b.png'), wide);
  assert.deepEqual([...(await decodeMask(wideFile, as(1, 3, 1))).values], [0, 30000, 60000]);
});

test('image and mask stay aligned under crop', async (context) => {
  const folder = await temporaryFolder(context);
  const disc = raster(50, 31, 1, (row, column) => (Math.hypot(row - 12, column - 30) < 8 ? 255 : 0));
  const file = await writeImage(join(folder, 'a.png'), disc);
  const { pixels } = await decodeImage(file, as(16, 16, 1, 'crop'));
  const { values } = await decodeMask(file, as(16, 16, 1, 'crop'));
  const differing = [...values].filter((value, i) => value / 255 !== Math.round(pixels[i] as number)).length;
  const inside = [...values].filter((value) => value === 255).length;
  assert.ok(inside > 30);
  // Only pixels that the border crosses can round the other way: fewer than the disc's circumference.
  assert.ok(differing < 6, `${differing} of ${inside} pixels differ`);
});

test('a mask with colours is refused by name and place', async (context) => {
  const image = raster(3, 2, 3, (row, column, channel) =>
    row === 1 && column === 2 && channel === 0 ? 9 : 0,
  );
  const file = await writeImage(join(await temporaryFolder(context), 'a.png'), image);
  await assert.rejects(decodeMask(file, as(2, 3, 1)), says(UsageError, file, '9 0 0', 'row 1, column 2'));
});

test('a damaged, cut, empty or missing file is a RunError that names it', async (context) => {
  const folder = await temporaryFolder(context);
  const file = await writeImage(join(folder, 'a.jpg'), colours(1, 200, 200));
  const bytes = await readFile(file);
  const contents = {
    half: bytes.subarray(0, bytes.length / 2),
    tail: bytes.subarray(0, bytes.length - 30),
    text: Buffer.from('no image'),
    none: Buffer.alloc(0),
  };
  for (const [name, content] of Object.entries(contents)) {
    const damaged = join(folder, `${name}.jpg`);
    await writeFile(damaged, content);
    const expected = says(RunError, 'Cannot decode the image', damaged, 'Replace the file, or remove it');
    await assert.rejects(decodeImage(damaged, as(8, 8, 3)), expected);
    await assert.rejects(decodeMask(damaged, as(8, 8, 1)), expected);
  }
  await assert.rejects(
    decodeImage(join(folder, 'gone.jpg'), as(8, 8, 3)),
    says(RunError, 'gone.jpg', 'ENOENT'),
  );
});

test('a file that changes is read anew', async (context) => {
  const file = join(await temporaryFolder(context), 'a.png');
  await writeImage(
    file,
    raster(2, 2, 1, () => 0),
  );
  await decodeImage(file, as(2, 2, 1));
  await writeImage(
    file,
    raster(2, 2, 1, () => 255),
  );
  assert.deepEqual([...(await decodeImage(file, as(2, 2, 1))).pixels], [1, 1, 1, 1]);
});

test('options out of range are refused', () => {
  const good = { size: [8, 8], fit: 'squash', channels: 3 };
  for (const size of [[], [8], [8, 0], [8.5, 8], [8, 8, 3]]) {
    assert.throws(
      () => imageTarget('imageFolder', { ...good, size }),
      says(UsageError, '"size" of imageFolder'),
    );
  }
  assert.throws(
    () => imageTarget('x', { ...good, channels: 4 }),
    says(UsageError, '"channels" of x', '1 or 3', '4'),
  );
  assert.throws(() => imageTarget('x', { ...good, fit: 'pad' }), says(UsageError, '"fit" of x', '"pad"'));
});
