// Grey values and overlays beside what pydicom makes of the same files: test/golden/README.md.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dicomPicture } from '../../../src/data/dicom/picture.ts';
import { loadGolden } from '../../golden/load.ts';
import { assertClose, sharedData } from '../../support.ts';
import { type DicomFile, dicomBytes, pixelBytes } from './write.ts';

interface Case {
  readonly name: string;
  /** Of a file, in base64. */
  readonly bytes: string;
  readonly values?: number[];
  /** By group, `[frame][row][column]`, or of one frame `[row][column]`. */
  readonly overlays?: Record<string, number[][][] | number[][]>;
  readonly origins?: Record<string, [number, number]>;
}

const cases = loadGolden<Case[]>('data/dicom-shown');

for (const { name, bytes, values } of cases) {
  if (!values) continue;

  test(`grey as pydicom shows it: ${name}`, async () => {
    const picture = await dicomPicture(Buffer.from(bytes, 'base64'), 0, undefined);
    assertClose(picture.values, values, { absolute: 1e-6 });
  });
}

test('overlays lie where pydicom and their origins have them, and are drawn on request only', async () => {
  const { bytes, overlays = {}, origins = {} } = cases.find((one) => one.overlays) as Case;
  const file = Buffer.from(bytes, 'base64');
  for (const frame of [0, 1]) {
    const plain = await dicomPicture(file, frame, undefined);
    assert.ok(plain.values.every((value) => value === 0));
    const { values, width, height } = await dicomPicture(file, frame, undefined, true);
    const expected = new Float32Array(width * height);
    for (const [group, planes] of Object.entries(overlays)) {
      const frames = (Array.isArray(planes[0]?.[0]) ? planes : [[], planes]) as number[][][];
      const [top, left] = origins[group] as [number, number];
      for (const [row, bits] of (frames[frame] ?? []).entries()) {
        for (const [column, bit] of bits.entries()) {
          const [y, x] = [row + top - 1, column + left - 1];
          if (bit && y >= 0 && y < height && x >= 0 && x < width) expected[y * width + x] = 1;
        }
      }
    }
    assert.ok(expected.includes(1));
    assert.deepEqual(values, expected);
  }
});

const folder = sharedData('dicom_reader');

test('the overlay of a scanner', { skip: folder === undefined && 'dicom_reader is not there' }, async () => {
  const { readFile } = await import('node:fs/promises');
  const file = await readFile(`${folder}/examples_overlay.dcm`);
  const [plain, drawn] = [
    await dicomPicture(file, 0, undefined),
    await dicomPicture(file, 0, undefined, true),
  ];
  const changed = drawn.values.filter((value, i) => value !== plain.values[i]);
  // pydicom counts 222 bits; some lie on pixels that are white already.
  assert.ok(changed.length > 100 && changed.length <= 222, `${changed.length}`);
  assert.ok(changed.every((value) => value === 1));
});

test('damaged tables and overlays are refused by name', async () => {
  const base: DicomFile = { rows: 1, columns: 2, pixels: pixelBytes([1, 2], 16) };
  const damaged = dicomBytes({ ...base, more: [[0x3010, 'SQ', new Uint8Array(0)]] });
  await assert.rejects(dicomPicture(damaged, 0, undefined), /look-up table of values of interest is damaged/);
  // A window of the user's own needs no table.
  assertClose((await dicomPicture(damaged, 0, { low: 0, high: 4 })).values, [0.25, 0.5]);
  const strange: DicomFile = {
    ...base,
    more: [
      [0x1050, 'DS', '1'],
      [0x1051, 'DS', '2'],
      [0x1056, 'CS', 'CUBIC'],
    ],
  };
  await assert.rejects(dicomPicture(dicomBytes(strange), 0, undefined), /VOI LUT Function is "CUBIC"/);
  const bytes = Buffer.from((cases.find((one) => one.overlays) as Case).bytes, 'base64');
  // Overlay Bits Allocated, (6000,0100), of the bits of the pixels.
  const at = bytes.indexOf(Buffer.from([0x00, 0x60, 0x00, 0x01]));
  bytes.writeUInt16LE(16, at + 8);
  await assert.rejects(dicomPicture(bytes, 0, undefined, true), /overlay 6000 lies within the pixels/);
  assert.equal((await dicomPicture(bytes, 0, undefined)).values.length, 35);
});
