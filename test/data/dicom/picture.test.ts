import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import sharp from 'sharp';
import { parseDicom } from '../../../src/data/dicom/parse.ts';
import { dicomPicture } from '../../../src/data/dicom/picture.ts';
import { frameSamples } from '../../../src/data/dicom/samples.ts';
import { createRandom } from '../../../src/random.ts';
import { assertClose } from '../../support.ts';
import { packedDicom, packedPixels } from './pack.ts';
import { type DicomFile, dicomBytes, pixelBytes, rleBytes, syntaxes } from './write.ts';

const samplesOf = async (bytes: Uint8Array, frame = 0) => [...(await frameSamples(parseDicom(bytes), frame))];
const valuesOf = async (file: DicomFile, frame = 0) => [
  ...(await dicomPicture(dicomBytes(file), frame, undefined)).values,
];

test('every plain transfer syntax gives the samples written', async () => {
  for (const syntax of [syntaxes.implicit, syntaxes.explicit, syntaxes.deflated, syntaxes.bigEndian]) {
    for (const bits of [8, 16, 32] as const) {
      for (const signed of [false, true]) {
        const values = [0, 1, 2, 100, 101, signed ? -1 : 200];
        const pixels = pixelBytes(values, bits, syntax === syntaxes.bigEndian);
        const deflate = syntax === syntaxes.deflated ? deflateRawSync : undefined;
        const bytes = dicomBytes({ syntax, rows: 2, columns: 3, bits, signed, pixels }, deflate);
        assert.deepEqual(await samplesOf(bytes), values, `${syntax} ${bits} ${signed}`);
      }
    }
  }
});

test('packed pixels: RLE, and JPEG in 8 bits', async () => {
  const [high, low] = [Uint8Array.of(1, 0, 255, 2), Uint8Array.of(0, 7, 254, 9)];
  const rle = { syntax: syntaxes.rle, rows: 2, columns: 2, signed: true, pixels: [rleBytes([high, low])] };
  assert.deepEqual(await samplesOf(dicomBytes(rle)), [256, 7, -2, 521]);
  const grey = Uint8Array.from({ length: 64 }, (_, i) => 4 * i);
  const jpeg = await sharp(grey, { raw: { width: 8, height: 8, channels: 1 } })
    .jpeg({ quality: 100 })
    .toColourspace('b-w')
    .toBuffer();
  const file = { syntax: `${syntaxes.implicit}.4.50`, rows: 8, columns: 8, bits: 8 as const, pixels: [jpeg] };
  assertClose(await samplesOf(dicomBytes(file)), grey, { absolute: 2 });
  await assert.rejects(
    samplesOf(dicomBytes({ ...file, rows: 16 })),
    /its pixels are 8 × 8 × 1, its header says 16 × 8 × 1/,
  );
  await assert.rejects(samplesOf(dicomBytes({ ...file, pixels: [grey] })), /not JPEG baseline/);
  const cut = jpeg.subarray(0, jpeg.length - 20);
  await assert.rejects(samplesOf(dicomBytes({ ...file, pixels: [cut] })), /lack their end/);
});

test('packed without loss: JPEG, JPEG-LS, JPEG 2000 and HTJ2K give the samples packed', async () => {
  const values = Array.from({ length: 256 }, (_, i) => (i * 641) % 65536);
  for (const syntax of ['.4.70', '.4.80', '.4.90', '.4.201'] as const) {
    assert.deepEqual(await samplesOf(await packedDicom(syntax, 16, values)), values, syntax);
  }
});

test('a damaged file does not take those with it that are unpacked at the same time', async () => {
  const values = Array.from({ length: 256 }, (_, i) => i);
  const good = await packedDicom('.4.80', 16, values);
  const random = createRandom(1);
  for (let round = 0; round < 8; round++) {
    const damaged = Buffer.from(good);
    for (let change = 0; change < 3; change++)
      damaged[good.length - 1 - random.integer(200)] = random.integer(256);
    const reads = await Promise.allSettled([damaged, good, damaged, good].map((bytes) => samplesOf(bytes)));
    for (const read of [reads[1], reads[3]]) assert.deepEqual(read, { status: 'fulfilled', value: values });
  }
});

test('only the stored bits count; single bits start with the lowest', async () => {
  const file = { rows: 1, columns: 3, stored: 12, pixels: pixelBytes([0xf001, 0x0fff, 0x1800], 16) };
  assert.deepEqual(await samplesOf(dicomBytes(file)), [1, 4095, 2048]);
  assert.deepEqual(await samplesOf(dicomBytes({ ...file, signed: true })), [1, -1, -2048]);
  const bits = { rows: 2, columns: 4, bits: 1 as const, pixels: Uint8Array.of(0b10010110, 0) };
  assert.deepEqual(await samplesOf(dicomBytes(bits)), [0, 1, 1, 0, 1, 0, 0, 1]);
});

test('frames follow one another', async () => {
  const plain = { rows: 1, columns: 2, frames: '3', pixels: pixelBytes([1, 2, 3, 4, 5, 6], 16) };
  assert.deepEqual(await samplesOf(dicomBytes(plain), 2), [5, 6]);
  await assert.rejects(samplesOf(dicomBytes(plain), 3), /has 3 frames, so there is no frame 3/);
  const rle = [3, 4].map((value) => rleBytes([Uint8Array.of(0, 0), Uint8Array.of(value, value + 1)]));
  const packed = { syntax: syntaxes.rle, rows: 1, columns: 2, frames: '2', pixels: rle };
  assert.deepEqual(await samplesOf(dicomBytes(packed), 1), [4, 5]);
});

test('grey: rescale, then the window of the file, of the option, or the whole range', async () => {
  const base = { rows: 1, columns: 5, signed: true, pixels: pixelBytes([-2000, 0, 100, 150, 400], 16) };
  const rescaled = {
    ...base,
    more: [
      [0x1052, 'DS', '-50'],
      [0x1053, 'DS', '0.5'],
    ],
  } as DicomFile;
  assertClose(await valuesOf(rescaled), [0, 2000 / 2400, 2100 / 2400, 2150 / 2400, 1]);
  // The option counts rescaled values: -50, 0, 25 and 150 here.
  const window = { low: -50, high: 0 };
  assertClose((await dicomPicture(dicomBytes(rescaled), 0, window)).values, [0, 0, 1, 1, 1]);
  // PS3.3, C.11.2.1.2.1, example: centre 100, width 201 goes from -0.5 to 199.5.
  const windowed = {
    ...base,
    more: [
      [0x1050, 'DS', '100\\40'],
      [0x1051, 'DS', '201\\80'],
    ],
  } as DicomFile;
  assertClose(await valuesOf(windowed), [0, 0.5 / 200, 100.5 / 200, 150.5 / 200, 1]);
  const exact = { ...base, more: [...(windowed.more ?? []), [0x1056, 'CS', 'LINEAR_EXACT']] } as DicomFile;
  assertClose(await valuesOf(exact), [0, 0.5 / 201, 100.5 / 201, 150.5 / 201, 1]);
  const inverted = await valuesOf({ ...windowed, photometric: 'MONOCHROME1' });
  assertClose(inverted, [1, 1 - 0.5 / 200, 1 - 100.5 / 200, 1 - 150.5 / 200, 0]);
  const padded = { ...base, more: [[0x0120, 'SS', -2000]] } as DicomFile;
  assertClose(await valuesOf(padded), [0, 0, 0.25, 0.375, 1]);
});

test('colours: RGB by pixel and by plane, Y Cb Cr, palettes', async () => {
  const unit = (values: number[], largest = 255) => values.map((value) => value / largest);
  const base = { rows: 1, columns: 2, bits: 8 as const, samples: 3 };
  const rgb = [255, 0, 0, 10, 20, 30];
  assertClose(await valuesOf({ ...base, photometric: 'RGB', pixels: Uint8Array.from(rgb) }), unit(rgb));
  const planes = Uint8Array.of(255, 10, 0, 20, 0, 30);
  assertClose(await valuesOf({ ...base, photometric: 'RGB', planar: true, pixels: planes }), unit(rgb));
  // JFIF: red is 76, 85, 255; grey is 100, 128, 128.
  const ybr = Uint8Array.of(76, 85, 255, 100, 128, 128);
  assertClose(
    await valuesOf({ ...base, photometric: 'YBR_FULL', pixels: ybr }),
    unit([254, 0, 0, 100, 100, 100]),
  );
  const shared = Uint8Array.of(100, 120, 128, 128);
  assertClose(
    await valuesOf({ ...base, photometric: 'YBR_FULL_422', pixels: shared }),
    unit([100, 100, 100, 120, 120, 120]),
  );
  const palette = {
    ...{
      rows: 1,
      columns: 3,
      bits: 8 as const,
      photometric: 'PALETTE COLOR',
      pixels: Uint8Array.of(4, 5, 9),
    },
    more: [
      ...[0x1101, 0x1102, 0x1103].map((tag) => [tag, 'US', [2, 4, 16]] as const),
      [0x1201, 'OW', [0, 65535]],
      [0x1202, 'OW', [13107, 0]],
      [0x1203, 'OW', [0, 26214]],
    ],
  } as DicomFile;
  // Beyond the palette its last entry stands.
  assertClose(await valuesOf(palette), [0, 0.2, 0, 1, 0, 0.4, 1, 0, 0.4]);
});

test('what cannot be read is refused with the reason', async () => {
  const good = { rows: 2, columns: 2, pixels: pixelBytes([1, 2, 3, 4], 16) };
  const cases: [RegExp, Uint8Array][] = [
    [/lacks the mark DICM/, Buffer.from('hello')],
    [
      /transfer syntax 1\.2\.840\.10008\.1\.2\.4\.100 is not one/,
      dicomBytes({ ...good, syntax: `${syntaxes.implicit}.4.100` }),
    ],
    [/cut short or damaged/, dicomBytes(good).subarray(0, -2)],
    [/last 8 bytes of its pixels are missing/, dicomBytes({ ...good, rows: 4 })],
    [/Rows is 0/, dicomBytes({ ...good, rows: 0 })],
    [/Bits Stored is 17/, dicomBytes({ ...good, stored: 17 })],
    [/Samples per Pixel is 2/, dicomBytes({ ...good, samples: 2 })],
    [/Samples per Pixel is 3, expected those of MONOCHROME2/, dicomBytes({ ...good, samples: 3 })],
    [/Photometric Interpretation is CMYK/, dicomBytes({ ...good, photometric: 'CMYK' })],
    [/Number of Frames is "two"/, dicomBytes({ ...good, frames: 'two' })],
    [
      /999999999 frames of 65535 × 65535 would take/,
      dicomBytes({ ...good, frames: '999999999', rows: 65535, columns: 65535 }),
    ],
    [
      /Window Width is 0/,
      dicomBytes({
        ...good,
        more: [
          [0x1050, 'DS', '1'],
          [0x1051, 'DS', '0'],
        ],
      }),
    ],
    [/Rescale Slope is "x"/, dicomBytes({ ...good, more: [[0x1053, 'DS', 'x']] })],
    [/its palette is missing/, dicomBytes({ ...good, photometric: 'PALETTE COLOR' })],
    [/modality look-up table/, dicomBytes({ ...good, more: [[0x3000, 'SQ', new Uint8Array(0)]] })],
    [/its pixels are missing|not packed/, dicomBytes({ ...good, syntax: syntaxes.rle, pixels: [] })],
    [/not 2 RLE segments/, dicomBytes({ ...good, syntax: syntaxes.rle, pixels: [Buffer.alloc(64, 255)] })],
  ];
  for (const [reason, bytes] of cases) await assert.rejects(dicomPicture(bytes, 0, undefined), reason);
});

test('packed samples of fewer bits than are allocated come as they are; more are refused', async () => {
  const values = Array.from({ length: 64 }, (_, i) => (i * 3) & 255);
  for (const syntax of ['.4.50', '.4.70', '.4.80', '.4.90', '.4.201'] as const) {
    const packed = await packedPixels(syntax, 8, values, 8);
    const file = { syntax: `${syntaxes.implicit}${syntax}`, rows: 8, columns: 8, pixels: packed };
    for (const stored of [8, 16]) {
      const absolute = syntax === '.4.50' ? 4 : 0;
      assertClose(await samplesOf(dicomBytes({ ...file, bits: 16, stored })), values, { absolute });
    }
    if (syntax === '.4.50') continue;
    const pixels = await packedPixels(syntax, 8, values, 16);
    await assert.rejects(
      samplesOf(dicomBytes({ ...file, bits: 8, pixels })),
      /its pixels are of 16 bits, its header says 8/,
    );
  }
});

test('JPEG-LS of three samples one after the other', async () => {
  const [rows, columns] = [8, 8];
  const planes = [0, 1, 2].map((s) =>
    Array.from({ length: rows * columns }, (_, i) => (i * 7 + s * 80) & 255),
  );
  const scans = await Promise.all(
    planes.map(async (plane, i) => {
      const [packed] = (await packedPixels('.4.80', 8, plane, 8)).map((bytes) => Buffer.from(bytes));
      const scan = packed!.indexOf(Buffer.from([0xff, 0xda]));
      const end = packed!.lastIndexOf(Buffer.from([0xff, 0xd9]));
      const data = packed!.subarray(scan + 2 + packed!.readUInt16BE(scan + 2), end);
      return Buffer.concat([Buffer.from([0xff, 0xda, 0, 8, 1, i + 1, 0, 0, 0, 0]), data]);
    }),
  );
  // SOF55, ISO/IEC 14495-1, C.2.2: three samples of 8 bits.
  const frame = [0xff, 0xf7, 0, 17, 8, 0, rows, 0, columns, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0];
  const pixels = [Buffer.concat([Buffer.from([0xff, 0xd8, ...frame]), ...scans, Buffer.from([0xff, 0xd9])])];
  const file = {
    syntax: `${syntaxes.implicit}.4.80`,
    rows,
    columns,
    bits: 8,
    samples: 3,
    photometric: 'RGB',
  } as const;
  const expected = planes[0]!.flatMap((_, i) => planes.map((plane) => plane[i]!));
  for (const planar of [false, true])
    assert.deepEqual(await samplesOf(dicomBytes({ ...file, planar, pixels })), expected);
});

test('a JPEG with a JFIF marker is Y Cb Cr, whatever the header says; one with Adobe’s is not', async () => {
  const background = { r: 200, g: 40, b: 90 };
  const bare = await sharp({ create: { width: 16, height: 16, channels: 3, background } })
    .jpeg({ quality: 100 })
    .toBuffer();
  const marked = (segment: string) =>
    Buffer.concat([bare.subarray(0, 2), Buffer.from(segment, 'latin1'), bare.subarray(2)]);
  const jfif = '\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0';
  const adobe = '\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0';
  const file = { syntax: `${syntaxes.implicit}.4.50`, rows: 16, columns: 16, bits: 8, samples: 3 } as const;
  const first = async (photometric: string, bytes: Uint8Array) =>
    (await valuesOf({ ...file, photometric, pixels: [bytes] })).slice(0, 3).map((value) => 255 * value);
  for (const photometric of ['RGB', 'YBR_FULL', 'YBR_FULL_422'])
    assertClose(await first(photometric, marked(jfif)), [200, 40, 90], { absolute: 2 });
  const samples = [94, 126, 204];
  for (const bytes of [bare, marked(adobe), marked(jfif + adobe)])
    assertClose(await first('RGB', bytes), samples, { absolute: 2 });
});

test('a window of width 1 is a threshold; padding may be a range; a palette may start below 0', async () => {
  const base = { rows: 1, columns: 4, pixels: pixelBytes([0, 1, 2, 3], 16) };
  const centre = (centre: string) => [[0x1050, 'DS', centre] as const, [0x1051, 'DS', '1'] as const];
  assert.deepEqual(await valuesOf({ ...base, more: centre('2') }), [0, 0, 1, 1]);
  assert.deepEqual(await valuesOf({ ...base, more: centre('1.5') }), [0, 0, 1, 1]);
  const padded = {
    ...{ rows: 1, columns: 5, pixels: pixelBytes([0, 5, 10, 1000, 1010], 16) },
    more: [
      [0x0120, 'US', 10],
      [0x0121, 'US', 0],
    ],
  } as const;
  assert.deepEqual(await valuesOf(padded), [0, 0, 0, 0, 1]);
  const palette = [1, 2, 3].map((i) => [0x1100 + i, 'SS', [4, -2, 8]] as const);
  const entries = [1, 2, 3].map((i) => [0x1200 + i, 'OW', Uint8Array.of(0, 51, 102, 255)] as const);
  const signed = {
    ...{ rows: 1, columns: 4, bits: 8 as const, signed: true, photometric: 'PALETTE COLOR' },
    ...{ pixels: Uint8Array.of(254, 255, 0, 1), more: [...palette, ...entries] },
  } as const;
  assertClose(await valuesOf(signed), [0, 0, 0, 0.2, 0.2, 0.2, 0.4, 0.4, 0.4, 1, 1, 1]);
});

test('single bits follow one another through all frames', async () => {
  const file = {
    rows: 3,
    columns: 3,
    bits: 1,
    frames: '2',
    pixels: Uint8Array.of(0b01010101, 0b10101011, 0, 0),
  } as const;
  assert.deepEqual(await samplesOf(dicomBytes(file), 0), [1, 0, 1, 0, 1, 0, 1, 0, 1]);
  assert.deepEqual(await samplesOf(dicomBytes(file), 1), [1, 0, 1, 0, 1, 0, 1, 0, 0]);
});
