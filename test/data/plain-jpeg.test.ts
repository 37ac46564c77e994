import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import sharp, { type JpegOptions, type Sharp } from 'sharp';
import { openDataset } from '../../src/data/create.ts';
import { decodeImage } from '../../src/data/image-file.ts';
import { plainJpegSize } from '../../src/data/plain-jpeg.ts';
import { readAll } from '../../src/data/verify.ts';
import { RunError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';
import { assertClose } from '../support.ts';
import { colours, says, temporaryFolder, writeImage } from './fixtures.ts';

const [WIDTH, HEIGHT] = [250, 190];

/** A drawn lesion and stripes of opposite colours. */
const pictures: Record<string, Sharp> = {};

before(async () => {
  const drawn = await openDataset({ name: 'skinLesions', count: 1, size: WIDTH });
  const { pixels } = await drawn.read(0);
  const lesion = Uint8Array.from(pixels, (value) => Math.round(255 * value));
  const whole = sharp(lesion, { raw: { width: WIDTH, height: WIDTH, channels: 3 } });
  pictures.lesion = whole.extract({ left: 0, top: 30, width: WIDTH, height: HEIGHT });
  const stripe = (i: number) =>
    [230, 30, 30, 20, 40, 220][3 * (Math.floor((Math.floor(i / 3) % WIDTH) / 10) % 2) + (i % 3)] as number;
  const stripes = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => stripe(i));
  pictures.stripes = sharp(stripes, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
});

const variants: readonly JpegOptions[] = [
  { quality: 90 },
  { quality: 60, chromaSubsampling: '4:4:4' },
  { quality: 80, progressive: true },
];

/** The weights of the pixels of a line for one pixel of a line that is `to` long: Lanczos of three lobes, widened to shrink. */
function lanczos(from: number, to: number, place: number): number[] {
  const scale = from / to;
  const centre = (place + 0.5) * scale;
  const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
  const weights = Array.from({ length: from }, (_, i) => {
    const x = (i + 0.5 - centre) / scale;
    return Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0;
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Interleaved RGB of WIDTH × HEIGHT in another size, in double precision, rounded once. */
function shrink(rgb: Uint8Array, width: number, height: number): number[] {
  const columns = Array.from({ length: width }, (_, x) => lanczos(WIDTH, width, x));
  const rows = Array.from({ length: height }, (_, y) => lanczos(HEIGHT, height, y));
  const narrow = Float64Array.from({ length: HEIGHT * width * 3 }, (_, i) => {
    const [row, x, c] = [Math.floor(i / 3 / width), Math.floor(i / 3) % width, i % 3];
    return (columns[x] as number[]).reduce(
      (sum, weight, k) => (weight === 0 ? sum : sum + weight * (rgb[(row * WIDTH + k) * 3 + c] as number)),
      0,
    );
  });
  return Array.from({ length: height * width * 3 }, (_, i) => {
    const [y, x, c] = [Math.floor(i / 3 / width), Math.floor(i / 3) % width, i % 3];
    const value = (rows[y] as number[]).reduce(
      (sum, weight, k) => (weight === 0 ? sum : sum + weight * (narrow[(k * width + x) * 3 + c] as number)),
      0,
    );
    return Math.min(255, Math.max(0, Math.round(value)));
  });
}

/** Mean and largest difference, in levels of 8 bits. */
function difference(pixels: Float32Array, expected: ArrayLike<number>) {
  const differences = Array.from(pixels, (value, i) => Math.abs(255 * value - (expected[i] as number)));
  return {
    mean: differences.reduce((sum, value) => sum + value, 0) / differences.length,
    largest: differences.reduce((most, value) => Math.max(most, value), 0),
  };
}

test('a plain JPEG is what libvips decodes, shrunk by Lanczos, but for rounding', async (context) => {
  const folder = await temporaryFolder(context);
  for (const [name, picture] of Object.entries(pictures)) {
    for (const options of variants) {
      for (const grey of [false, true]) {
        const image = grey ? picture.clone().greyscale() : picture.clone();
        const bytes = await image.jpeg(options).toBuffer();
        const file = join(folder, 'a.jpg');
        await writeFile(file, bytes);
        assert.deepEqual(plainJpegSize(bytes), { width: WIDTH, height: HEIGHT });
        const whole = await sharp(bytes).toColourspace('srgb').raw().toBuffer();
        for (const [width, height] of [
          [WIDTH, HEIGHT],
          [128, 128],
          [50, 190],
        ] as const) {
          const { pixels, ...size } = await decodeImage(file, {
            imageShape: [height, width, 3],
            fit: 'squash',
          });
          assert.deepEqual(size, { width: WIDTH, height: HEIGHT });
          const { mean, largest } = difference(pixels, shrink(whole, width, height));
          const what = `${name} ${JSON.stringify(options)} ${width} × ${height}`;
          // Decoders may round the cosine transform and the colours between pixels differently.
          assert.ok(mean < 0.4, `${what}: mean difference ${mean}`);
          assert.ok(largest < 5.5, `${what}: difference ${largest}`);
        }
      }
    }
  }
});

test('grey of a JPEG is its luma, or its own', async (context) => {
  const file = join(await temporaryFolder(context), 'a.jpg');
  for (const grey of [false, true]) {
    const { lesion } = pictures as { lesion: Sharp };
    await (grey ? lesion.clone().greyscale() : lesion.clone()).jpeg({ quality: 90 }).toFile(file);
    const [one, three] = await Promise.all(
      [1, 3].map((channels) => decodeImage(file, { imageShape: [64, 64, channels], fit: 'squash' })),
    );
    const luma = Float32Array.from({ length: 64 * 64 }, (_, i) => {
      const [r = 0, g = 0, b = 0] = three?.pixels.subarray(3 * i, 3 * i + 3) ?? [];
      return 0.299 * r + 0.587 * g + 0.114 * b;
    });
    assertClose(one?.pixels ?? [], luma, { absolute: 1e-6 });
    const window = { low: 50, high: 100 };
    const { pixels } = await decodeImage(file, { imageShape: [64, 64, 1], fit: 'squash', window });
    const expected = luma.map((value) => Math.min(1, Math.max(0, (255 * value - 50) / 50)));
    assertClose(pixels, expected, { absolute: 1e-5 });
  }
});

test('what is not plain is left to libvips: turned, with a profile, of four inks, large, cut short', async () => {
  const { lesion } = pictures as { lesion: Sharp };
  const plain = await lesion.clone().jpeg().toBuffer();
  assert.ok(plainJpegSize(plain));
  const turned = await lesion.clone().jpeg().withMetadata({ orientation: 6 }).toBuffer();
  const profiled = await lesion.clone().jpeg().withIccProfile('p3').toBuffer();
  const inks = await lesion.clone().toColourspace('cmyk').jpeg().toBuffer();
  const large = await lesion.clone().resize(1024, 400).jpeg().toBuffer();
  for (const bytes of [turned, profiled, inks, large, plain.subarray(0, -40), Buffer.alloc(3)])
    assert.equal(plainJpegSize(bytes), undefined);
});

test('packed data that were overwritten are refused as they are read, and by name', async (context) => {
  const folder = await temporaryFolder(context);
  const target = { imageShape: [16, 16, 3], fit: 'squash' } as const;
  const file = await writeImage(join(folder, 'a.jpg'), colours(1, 96, 96));
  const whole = await readFile(file);
  const scan = whole.indexOf(Buffer.from([0xff, 0xda]));
  const random = createRandom(1, 'overwritten');
  let refused = 0;
  for (let i = 0; i < 20; i++) {
    const bytes = Buffer.from(whole);
    const at = scan + 20 + random.integer(bytes.length - scan - 540);
    for (let k = 0; k < 512; k++) bytes[at + k] = random.integer(256);
    await writeFile(file, bytes);
    refused += await decodeImage(file, target).then(
      () => 0,
      (error) => (/Cannot decode the image .*a\.jpg/.test(error.message) ? 1 : 0),
    );
  }
  // Of 512 random bytes, one in eight has no 0xff but before a zero or a restart marker.
  assert.ok(refused >= 14, `${refused} of 20`);
});

test('packed data that are damaged in the middle are found by reading everything, and by name', async (context) => {
  const folder = await temporaryFolder(context);
  const files = await Promise.all(
    [1, 2, 3].map((seed) => writeImage(join(folder, 'a', `${seed}.jpg`), colours(seed, 96, 96))),
  );
  await writeImage(join(folder, 'b', '4.jpg'), colours(4, 96, 96));
  const dataset = await openDataset({ name: 'imageFolder', directory: folder, size: [16, 16] });
  assert.deepEqual(await readAll(dataset), []);
  const [first, second] = files as [string, string, string];
  const bytes = await readFile(second);
  // Codes are missing before the end; no marker says so.
  await writeFile(
    second,
    Buffer.concat([bytes.subarray(0, Math.floor(bytes.length / 2)), bytes.subarray(-2)]),
  );
  await dataset.read(1);
  const bad = await readAll(dataset);
  assert.deepEqual(
    bad.map(({ id }) => id),
    ['a/2.jpg'],
  );
  assert.ok(bad[0]?.reason.includes(second) && !bad[0].reason.includes('\n'));
  await writeFile(first, bytes.subarray(0, 300));
  await assert.rejects(dataset.read(0), says(RunError, 'Cannot decode the image', first));
});
