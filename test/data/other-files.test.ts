// DICOM, NumPy arrays, volumes and deep TIFF where images and masks are expected.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateRawSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { openDataset } from '../../src/data/create.ts';
import { dicomPatient } from '../../src/data/dicom/patient.ts';
import { kindOf } from '../../src/data/file-kind.ts';
import { withoutExtension } from '../../src/data/files.ts';
import { decodeImage, imageTarget } from '../../src/data/image-file.ts';
import { decodeMask } from '../../src/data/mask-file.ts';
import { RunError, UsageError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';
import { assertClose } from '../support.ts';
import { dicomBytes, pixelBytes, syntaxes } from './dicom/write.ts';
import { colours, raster, says, temporaryFolder, writeImage, writeText } from './fixtures.ts';
import { counted, niftiBytes, type Rows, writeNifti } from './nifti/write.ts';
import { npyBytes } from './npy.ts';

const as = (height: number, width: number, more: object = {}) =>
  imageTarget('test', { size: [height, width], channels: 1, fit: 'squash', ...more });

const scan = (values: readonly number[]) =>
  dicomBytes({ rows: 2, columns: 2, pixels: pixelBytes(values, 16) });

test('a folder of DICOM of any name is classified as images are', async (context) => {
  const root = await temporaryFolder(context);
  await writeText(join(root, 'healthy', '1.2.840.113619.1'), scan([0, 1, 2, 4]));
  await writeText(join(root, 'healthy', '1.2.840.113619.2'), scan([4, 1, 2, 0]));
  await writeText(join(root, 'sick', 'IM0001'), scan([0, 10, 20, 40]));
  await writeText(join(root, 'sick', 'notes.txt'), 'no image');
  const dataset = await openDataset({ name: 'imageFolder', directory: root, size: [2, 2], channels: 1 });
  assert.deepEqual(
    dataset.samples.map(({ id, label }) => [id, label]),
    [
      ['healthy/1.2.840.113619.1', 0],
      ['healthy/1.2.840.113619.2', 0],
      ['sick/IM0001', 1],
    ],
  );
  assert.deepEqual((await dataset.read(2)).pixels, Float32Array.of(0, 0.25, 0.5, 1));
  const windowed = await openDataset({
    name: 'imageFolder',
    directory: root,
    size: [2, 2],
    channels: 3,
    window: [0, 8],
  });
  assertClose(
    (await windowed.read(0)).pixels,
    [0, 0, 0, 0.125, 0.125, 0.125, 0.25, 0.25, 0.25, 0.5, 0.5, 0.5],
  );
});

test('a table may name files with or without their extension, UIDs too', async (context) => {
  const root = await temporaryFolder(context);
  await writeText(join(root, '1.2.840.1.dcm'), scan([0, 1, 2, 4]));
  await writeText(join(root, '1.2.840.2'), scan([0, 1, 2, 4]));
  const csv = await writeText(join(root, 'labels.csv'), 'image_id,dx\n1.2.840.1,a\n1.2.840.2,b\n');
  const dataset = await openDataset({ name: 'imageCsv', csv, labelColumn: 'dx', size: [2, 2], channels: 1 });
  assert.equal((await dataset.read(1)).pixels.length, 4);
  assert.deepEqual(['a/x.nii.gz', 'x.tar.gz', '1.2.840.7', 'x.JPG', 'x'].map(withoutExtension), [
    'a/x',
    'x.tar',
    '1.2.840.7',
    'x',
    'x',
  ]);
});

test('slices of one DICOM patient are one patient, unless told otherwise', async (context) => {
  const root = await temporaryFolder(context);
  const rows: string[] = [];
  for (const [name, patient] of [
    ['1', 'A'],
    ['2', 'A'],
    ['3', 'B'],
    ['4', ''],
  ] as const) {
    const bytes = dicomBytes({ rows: 2, columns: 2, pixels: pixelBytes([0, 1, 2, 3], 16), patient });
    await writeText(join(root, 'scans', Number(name) % 2 ? 'odd' : 'even', `scan${name}`), bytes);
    rows.push(`scan${name},${Number(name) % 2 ? 'odd' : 'even'},X${name}`);
  }
  const csv = await writeText(join(root, 'labels.csv'), ['image_id,dx,who', ...rows].join('\n'));
  const patients = async (choice: object) =>
    (await openDataset({ size: [2, 2], ...choice } as never)).samples.map(({ patient }) => patient);
  const folder = { name: 'imageFolder', directory: join(root, 'scans') };
  assert.deepEqual(await patients(folder), ['A', 'even/scan4', 'A', 'B']);
  assert.deepEqual(await patients({ ...folder, patientPattern: '(scan)' }), ['scan', 'scan', 'scan', 'scan']);
  const table = { name: 'imageCsv', csv, images: join(root, 'scans'), labelColumn: 'dx' };
  assert.deepEqual(await patients(table), ['A', 'A', 'B', 'scan4']);
  assert.deepEqual(await patients({ ...table, patientColumn: 'who' }), ['X1', 'X2', 'X3', 'X4']);
});

test('kinds are told by content, whatever the name', async (context) => {
  const root = await temporaryFolder(context);
  const file = await writeText(join(root, 'a.png'), scan([0, 1, 2, 4]));
  assert.deepEqual((await decodeImage(file, as(2, 2))).pixels, Float32Array.of(0, 0.25, 0.5, 1));
  assert.equal(kindOf(Buffer.from('hello')), undefined);
  assert.equal(kindOf(Buffer.alloc(0)), undefined);
});

test('NumPy arrays: bytes and 16 bits by their largest, floats in [0, 1], others through a window', async (context) => {
  const root = await temporaryFolder(context);
  const write = (type: string, shape: readonly number[], values: Uint8Array) =>
    writeText(join(root, 'a.npy'), npyBytes(type, shape, values));
  const pixelsOf = async (file: string, more = {}) => [...(await decodeImage(file, as(1, 2, more))).pixels];
  const bytes = await write('|u1', [1, 2], Uint8Array.of(0, 51));
  assertClose(await pixelsOf(bytes), [0, 0.2]);
  assertClose(await pixelsOf(await write('<u2', [1, 2], pixelBytes([65535, 13107], 16))), [1, 0.2]);
  assertClose(await pixelsOf(await write('>u2', [1, 2], pixelBytes([65535, 13107], 16, true))), [1, 0.2]);
  const frames = await write(
    '|u1',
    [2, 1, 2, 3],
    Uint8Array.from(counted(12), (i) => i * 10),
  );
  assertClose(
    (await decodeImage(frames, as(1, 2, { channels: 3, frame: 1 }))).pixels,
    counted(6).map((i) => (60 + i * 10) / 255),
  );
  await assert.rejects(pixelsOf(frames, { frame: 2 }), says(RunError, 'a.npy', 'has 2 frames'));
  const floats = (values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
  assertClose(await pixelsOf(await write('<f4', [1, 2], floats([0.25, 1]))), [0.25, 1]);
  const wide = await write('<f4', [1, 2], floats([-50, 150]));
  await assert.rejects(pixelsOf(wide), says(RunError, 'a.npy', 'holds -50', '"window"'));
  assertClose(await pixelsOf(wide, { window: [-100, 150] }), [0.2, 1]);
  await assert.rejects(
    pixelsOf(await write('|u1', [4], Uint8Array.of(1, 2, 3, 4))),
    says(RunError, 'shape is [4]'),
  );
});

test('label maps in NumPy, NIfTI and DICOM keep their values', async (context) => {
  const root = await temporaryFolder(context);
  const npy = await writeText(
    join(root, 'a.npy'),
    npyBytes('<i4', [2, 2], pixelBytes([0, 3, 1000, 65535], 32)),
  );
  assert.deepEqual([...(await decodeMask(npy, as(2, 2))).values], [0, 3, 1000, 65535]);
  const tooWide = await writeText(
    join(root, 'b.npy'),
    npyBytes('<i4', [2, 2], pixelBytes([0, 3, 1000, 65536], 32)),
  );
  await assert.rejects(decodeMask(tooWide, as(2, 2)), says(RunError, 'b.npy', 'holds 65536'));
  const dicom = await writeText(join(root, 'c.dcm'), scan([0, 3, 1000, 65535]));
  assert.deepEqual([...(await decodeMask(dicom, as(2, 2))).values], [0, 3, 1000, 65535]);
  const rows: Rows = [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
  ];
  const nifti = await writeNifti(join(root, 'd.nii.gz'), {
    shape: [2, 2, 2],
    values: counted(8),
    rows,
    type: 4,
  });
  assert.deepEqual([...(await decodeMask(nifti, as(2, 2, { frame: 1 }))).values], [6, 7, 4, 5]);
  const pixels = (await decodeImage(nifti, as(2, 2, { frame: 1, window: [0, 10] }))).pixels;
  assertClose(pixels, [0.6, 0.7, 0.4, 0.5]);
});

test('16 bits stay 16 bits in PNG and in TIFF, whatever packs them', async (context) => {
  const root = await temporaryFolder(context);
  const values = Uint16Array.from(counted(12), (i) => i * 257 + (i % 5));
  const image = { width: 4, height: 3, channels: 1, values } as const;
  const expected = Float32Array.from(values, (value) => Math.fround(value / 65535));
  const files = [await writeImage(join(root, 'a.png'), image)];
  for (const compression of ['none', 'packbits', 'lzw', 'deflate'] as const) {
    const raw = sharp(values, { raw: { width: 4, height: 3, channels: 1 } }).toColourspace('grey16');
    files.push(await writeText(join(root, `${compression}.tif`), await raw.tiff({ compression }).toBuffer()));
  }
  for (const file of files) {
    assert.deepEqual((await decodeImage(file, as(3, 4))).pixels, expected, file);
    assert.deepEqual([...(await decodeMask(file, as(3, 4))).values], [...values], file);
    // 12 bits in 16, as cameras and scanners leave them.
    const windowed = await decodeImage(file, as(3, 4, { window: [0, 4095] }));
    assertClose(
      windowed.pixels,
      Array.from(values, (value) => Math.min(1, value / 4095)),
    );
  }
});

/** A TIFF of float32 rows, one a page: TIFF 6.0, sections 2 and 19. */
function floatTiff(pages: readonly (readonly number[])[]): Buffer {
  const parts = [Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0])];
  let at = 8;
  for (const [page, row] of pages.entries()) {
    const [data, end] = [at + 126, at + 126 + 4 * row.length];
    const entries = [
      [256, row.length],
      [257, 1],
      [258, 32],
      [259, 1],
      [262, 1],
      [273, data],
      [277, 1],
      [278, 1],
      [279, 4 * row.length],
      [339, 3],
    ] as const;
    const directory = Buffer.alloc(126);
    directory.writeUInt16LE(entries.length, 0);
    for (const [i, [tag, value]] of entries.entries()) {
      directory.set([tag & 255, tag >> 8, 4, 0, 1, 0, 0, 0], 2 + 12 * i);
      directory.writeUInt32LE(value, 10 + 12 * i);
    }
    directory.writeUInt32LE(page + 1 < pages.length ? end : 0, 2 + 12 * entries.length);
    parts.push(directory, Buffer.from(Float32Array.from(row).buffer));
    at = end;
  }
  return Buffer.concat(parts);
}

test('a TIFF of floats is measured values; its pages are frames', async (context) => {
  const root = await temporaryFolder(context);
  const file = await writeText(
    join(root, 'a.tif'),
    floatTiff([
      [-100, 400],
      [0.5, 0.25],
    ]),
  );
  await assert.rejects(decodeImage(file, as(1, 2)), says(RunError, 'a.tif', 'holds -100', '"window"'));
  assertClose((await decodeImage(file, as(1, 2, { window: [-200, 800] }))).pixels, [0.1, 0.6]);
  assertClose((await decodeImage(file, as(1, 2, { frame: 1 }))).pixels, [0.5, 0.25]);
  await assert.rejects(decodeImage(file, as(1, 2, { frame: 2 })), says(RunError, 'a.tif', 'has 2 frames'));
});

test('windows and frames that cannot be are refused', () => {
  const good = { size: [2, 2], channels: 1, fit: 'squash' };
  for (const window of [[1], [2, 1], [1, 1]]) {
    assert.throws(
      () => imageTarget('imageFolder', { ...good, window }),
      says(UsageError, 'window', 'imageFolder'),
    );
  }
  assert.throws(() => imageTarget('imageFolder', { ...good, frame: -1 }), says(UsageError, 'frame'));
});

/** An element of group 0009 of so many bytes, before all others of a file. */
function withPrivateElement(file: Buffer, bytes: number): Buffer {
  const start = 128 + 4 + 12 + file.readUInt32LE(128 + 4 + 8);
  const head = Buffer.from([9, 0, 1, 0x10, 0x4f, 0x42, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32LE(bytes, 8);
  return Buffer.concat([file.subarray(0, start), head, Buffer.alloc(bytes), file.subarray(start)]);
}

test('a DICOM patient is found behind large private elements, and in deflated files', async (context) => {
  const root = await temporaryFolder(context);
  const noise = createRandom(1).uniforms(2 ** 15, 0, 1);
  const large = { rows: 128, columns: 256, bits: 32 as const, pixels: new Uint8Array(noise.buffer) };
  const patientOf = async (bytes: Uint8Array) => dicomPatient(await writeText(join(root, 'a'), bytes));
  for (const patient of ['P1', '']) {
    const file = { ...large, patient };
    const expected = patient || undefined;
    assert.equal(await patientOf(dicomBytes(file)), expected);
    assert.equal(await patientOf(withPrivateElement(dicomBytes(file), 70000)), expected);
    const deflated = dicomBytes({ ...file, syntax: syntaxes.deflated }, (bytes) => deflateRawSync(bytes));
    assert.ok(deflated.length > 2 ** 16);
    assert.equal(await patientOf(deflated), expected);
  }
  // What is damaged behind it is no concern.
  assert.equal(await patientOf(dicomBytes({ ...large, patient: 'P1' }).subarray(0, 1000)), 'P1');
});

test('DICOM slices with masks: those of one Patient ID are one patient, unless told otherwise', async (context) => {
  const root = await temporaryFolder(context);
  for (const name of ['s1', 's2']) {
    const bytes = dicomBytes({ rows: 2, columns: 2, pixels: pixelBytes([0, 1, 2, 3], 16), patient: 'A' });
    await writeText(join(root, 'images', `${name}.dcm`), bytes);
    await writeImage(
      join(root, 'masks', `${name}.png`),
      raster(2, 2, 1, () => 255),
    );
  }
  const choice = {
    name: 'imageMasks',
    images: join(root, 'images'),
    masks: join(root, 'masks'),
    size: [2, 2],
  };
  const patients = async (more = {}) =>
    (await openDataset({ ...choice, ...more } as never)).samples.map(({ patient }) => patient);
  assert.deepEqual(await patients(), ['A', 'A']);
  assert.deepEqual(await patients({ patientPattern: '(s\\d)' }), ['s1', 's2']);
});

test('zipped NIfTI is told by content too; images of kinds that cannot be read are refused', async (context) => {
  const root = await temporaryFolder(context);
  const zipped = gzipSync(niftiBytes({ shape: [2, 2], values: [0, 1, 1, 0] }));
  for (const name of ['a/1', 'b/2.hdr.gz']) await writeText(join(root, name), zipped);
  await writeText(join(root, 'b', 'notes'), gzipSync('no volume'));
  const open = () => openDataset({ name: 'imageFolder', directory: root, size: [2, 2], window: [0, 1] });
  const { samples, read } = await open();
  assert.deepEqual(
    samples.map(({ id }) => id),
    ['a/1', 'b/2.hdr.gz'],
  );
  assert.equal((await read(0)).pixels.length, 12);
  await writeText(join(root, 'b', '3.bmp'), 'BM');
  await assert.rejects(open(), says(UsageError, join(root, 'b'), 'One file', '3.bmp', 'Convert'));
  await writeImage(join(root, 'b', '3.png'), colours(1));
  assert.equal((await open()).samples.length, 3, 'it has been converted');
  await writeText(join(root, 'volumes', '4.nrrd'), 'NRRD');
  const volumes = { images: join(root, 'volumes'), masks: join(root, 'volumes') };
  await assert.rejects(openDataset({ name: 'niftiSlices', ...volumes }), says(UsageError, '4.nrrd'));
});

test('NumPy booleans are 0 and 1', async (context) => {
  const root = await temporaryFolder(context);
  const file = await writeText(join(root, 'a.npy'), npyBytes('|b1', [2, 2], Uint8Array.of(1, 0, 0, 1)));
  assert.deepEqual([...(await decodeImage(file, as(2, 2))).pixels], [1, 0, 0, 1]);
  assert.deepEqual([...(await decodeMask(file, as(2, 2))).values], [1, 0, 0, 1]);
});

test('a TIFF of more than four channels is refused', async (context) => {
  const root = await temporaryFolder(context);
  const grey = { raw: { width: 2, height: 2, channels: 1 as const } };
  const planes = [1, 2, 3, 4].map((value) => Buffer.alloc(4, value));
  const file = join(root, 'a.tif');
  await sharp(Buffer.alloc(4), grey).joinChannel(planes, grey).tiff({ compression: 'none' }).toFile(file);
  await assert.rejects(decodeImage(file, as(2, 2)), says(RunError, file, 'it has 5 channels'));
  await assert.rejects(decodeMask(file, as(2, 2)), says(RunError, file, 'it has 5 channels'));
});
