import assert from 'node:assert/strict';
import { test } from 'node:test';
import { magnifiedDifference } from '../../src/report/difference.ts';
import { drawGallery, type GalleryImage, type GalleryRow } from '../../src/report/gallery.ts';
import { maskColour } from '../../src/report/palette.ts';
import { decode } from './pictures.ts';

// Where the cells of the first row are, without a title: 2 × (margin 20, headers 20, cell 192, gap 14).
const cellTop = 80;
const cellLeft = (column: number) => 40 + column * 2 * (192 + 14);
const shown = 384;

const image = (side: number, value: (x: number, y: number) => number): GalleryImage => ({
  pixels: Float32Array.from({ length: side * side }, (_, i) => value(i % side, Math.floor(i / side))),
  shape: [side, side, 1],
});
const changed = (from: GalleryImage, by: number): GalleryImage => ({
  ...from,
  pixels: from.pixels.map((value) => value + by),
});
const chequers = image(4, (x, y) => ((x + y) % 2 === 0 ? 0.2 : 0.8));

test('a small image is enlarged pixel by pixel, beside its magnified difference', async () => {
  const row: GalleryRow = {
    clean: chequers,
    adversarial: [changed(chequers, 0.03), changed(chequers, -0.05)],
    captions: ['normal 97 %', 'fgsm\npneumonia 60 %', 'pgd\npneumonia 99 %'],
  };
  const picture = await decode(await drawGallery([row]));
  assert.equal(picture.width, cellLeft(5) - 28 + 40);
  const pixel = (column: number, x: number, y: number) =>
    picture.at(cellLeft(column) + x * 96 + 2, cellTop + y * 96 + 2);
  for (const [x, y] of [
    [0, 0],
    [1, 0],
    [3, 2],
  ] as const) {
    const dark = (x + y) % 2 === 0;
    assert.equal(pixel(0, x, y), dark ? '#333333' : '#cccccc');
    assert.equal(pixel(1, x, y), dark ? '#3b3b3b' : '#d4d4d4');
    assert.equal(pixel(2, x, y), '#cccccc', '0.5 + 10 · 0.03');
    assert.equal(pixel(4, x, y), '#000000', '0.5 − 10 · 0.05');
  }
  const cell = { left: cellLeft(0), top: cellTop, right: cellLeft(0) + shown, bottom: cellTop + shown };
  assert.equal(picture.count('#333333', cell), shown ** 2 / 2, 'sharp edges');
});

test('the magnification is round and keeps the largest change in range', () => {
  const clean = image(2, () => 0.5);
  for (const [by, factor] of [
    [1 / 255, 100],
    [2 / 255, 50],
    [8 / 255, 10],
    [0.25, 2],
    [0.5, 1],
    [-0.45, 1],
    [1e-4, 5000],
  ] as const) {
    const difference = magnifiedDifference(clean, changed(clean, by));
    assert.equal(difference.factor, factor, `${by}`);
    // A thousandth beyond the range is float32's noise.
    assert.ok(difference.image.pixels.every((value) => Math.abs(value - 0.5) <= 0.5005));
  }
  const same = magnifiedDifference(clean, clean);
  assert.deepEqual([same.factor, same.largest], [1, 0]);
  assert.ok(same.image.pixels.every((value) => value === 0.5));
});

test('predictions are filled, labels are outlined', async () => {
  const black = image(8, () => 0);
  const inside = (from: number, to: number, label: number) =>
    Int32Array.from({ length: 64 }, (_, i) => {
      const [x, y] = [i % 8, Math.floor(i / 8)];
      return x >= from && x < to && y >= from && y < to ? label : 0;
    });
  const row: GalleryRow = {
    clean: { ...black, predicted: inside(2, 6, 1) },
    adversarial: [{ ...black, predicted: inside(2, 6, 2) }],
    captions: ['dice 0.9', 'dice 0'],
    labels: inside(1, 7, 1).map((label, i) => (i === 0 ? -1 : label)),
  };
  const picture = await decode(await drawGallery([row], { classes: ['background', 'lesion', 'other'] }));
  const at = (column: number, x: number, y: number) =>
    picture.at(cellLeft(column) + x * 48 + 24, cellTop + y * 48 + 24);
  const faded = (colour: string, opacity: number) =>
    `#${[1, 3, 5]
      .map((i) =>
        Math.round(opacity * Number.parseInt(colour.slice(i, i + 2), 16))
          .toString(16)
          .padStart(2, '0'),
      )
      .join('')}`;
  assert.equal(at(0, 4, 4), faded(maskColour(1), 0.4));
  assert.equal(at(1, 4, 4), faded(maskColour(2), 0.4));
  assert.equal(picture.at(cellLeft(0) + 96, cellTop + 200), faded(maskColour(1), 0.9), 'its edge');
  assert.equal(picture.at(cellLeft(0) + 48, cellTop + 200), '#ffffff', 'edge of the truth');
  assert.equal(at(0, 0, 0), '#000000', 'not labelled');
  assert.equal(at(2, 4, 4), '#808080', 'nothing over the difference');
  for (const label of [1, 2]) {
    const key = { left: 0, top: cellTop + shown, right: picture.width, bottom: picture.height };
    assert.ok(picture.count(maskColour(label), key) > 0, 'named below');
  }
});

test('colour images keep their colours; large ones fill the cell', async () => {
  const pixels = Float32Array.from({ length: 500 * 250 * 3 }, (_, i) => [1, 0.4, 0][i % 3] as number);
  const clean: GalleryImage = { pixels, shape: [250, 500, 3] };
  const picture = await decode(
    await drawGallery([{ clean, adversarial: [], captions: [] }], { title: 'wide' }),
  );
  const cell = { left: 40, top: cellTop + 72, right: 40 + shown, bottom: cellTop + 72 + shown / 2 };
  assert.equal(picture.count('#ff6600', cell), (shown * shown) / 2);
  assert.equal(picture.count('#ff6600'), (shown * shown) / 2);
});

test('values beyond [0, 1] are clipped, names are no markup, and the same rows give the same bytes', async () => {
  const clean = image(2, (x) => (x === 0 ? -3 : 4));
  const row = { clean, adversarial: [clean], captions: [`<&"'>`, '</svg>'] };
  const options = { title: '<script>', classes: ['<a>', '&'] };
  const png = await drawGallery([row, row], options);
  const picture = await decode(png);
  assert.equal(picture.at(cellLeft(0) + 9, cellTop + 72 + 9), '#000000');
  assert.equal(picture.at(cellLeft(0) + shown - 9, cellTop + 72 + 9), '#ffffff');
  assert.deepEqual(await drawGallery([row, row], options), png);
});

test('pixels of another number than their shape are one clear line', async () => {
  const clean: GalleryImage = { pixels: new Float32Array(5), shape: [2, 2, 1] };
  await assert.rejects(drawGallery([{ clean, adversarial: [], captions: [] }]), {
    name: 'UsageError',
    message: 'gallery: expected 4 values for an image of 2×2×1, received 5.',
  });
});

test('no rows are a picture of the headers', async () => {
  assert.ok((await decode(await drawGallery([]))).colours().size > 5);
});
