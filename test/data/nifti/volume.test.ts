import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { bodyAxes } from '../../../src/data/nifti/affine.ts';
import { readVolume, readVolumeInfo, voxel } from '../../../src/data/nifti/volume.ts';
import { RunError } from '../../../src/errors.ts';
import { createRandom } from '../../../src/random.ts';
import { assertClose } from '../../support.ts';
import { says, temporaryFolder } from '../fixtures.ts';
import { counted, niftiBytes, type Rows, typeCodes, writeNifti } from './write.ts';

test('every version, order of bytes and type gives the numbers written', async (context) => {
  const folder = await temporaryFolder(context);
  for (const version of [1, 2] as const) {
    for (const littleEndian of [true, false]) {
      for (const type of typeCodes) {
        const signed = ![2, 512, 768, 1280].includes(type);
        const values = counted(24).map((i) => (signed ? 5 * i - 60 : 5 * i));
        const content = { version, littleEndian, type, shape: [2, 3, 4], values, extension: 16 };
        const { stored, header } = await readVolume(await writeNifti(join(folder, 'a.nii.gz'), content));
        assert.deepEqual([...stored], values, `version ${version}, ${littleEndian}, type ${type}`);
        assert.deepEqual(
          [header.version, header.littleEndian, header.shape],
          [version, littleEndian, [2, 3, 4]],
        );
      }
    }
  }
});

test('the value of a voxel is scaled; a slope of 0 means none', async (context) => {
  const file = join(await temporaryFolder(context), 'a.nii');
  const shape = [2, 2, 1];
  const rows: Rows = [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
  ];
  const values = [0, 1, 2, 3];
  await writeNifti(file, { type: 4, shape, values, rows, slope: 0.5, intercept: -8 });
  const scaled = await readVolume(file);
  assert.deepEqual([voxel(scaled, 0, 0, 0), voxel(scaled, 1, 0, 0), voxel(scaled, 0, 1, 0)], [-8, -7.5, -7]);
  await writeNifti(file, { type: 4, shape, values, rows, slope: 0, intercept: -8 });
  assert.equal(voxel(await readVolume(file), 1, 1, 0), 3);
});

test('voxels come in the order of the body, however the file runs through it', async (context) => {
  const file = join(await temporaryFolder(context), 'a.nii');
  const random = createRandom(3);
  for (let round = 0; round < 48; round++) {
    const order = [...random.permutation(3)];
    const signs = [0, 1, 2].map(() => (random.uniform() < 0.5 ? -1 : 1));
    const [sizes, frames] = [[2, 3, 4] as const, 2];
    // Axis `order[d]` of the file runs along direction d, with a tilt too small to matter.
    const rows = [0, 1, 2].map((direction) => {
      const row = [0, 1, 2].map(() => 0.2 * (random.uniform() - 0.5));
      row[order[direction] as number] = (signs[direction] as number) * 2;
      return [...row, random.uniform()];
    }) as unknown as Rows;
    const shape = [0, 0, 0, frames];
    for (const direction of [0, 1, 2]) shape[order[direction] as number] = sizes[direction] as number;
    const values = counted(48).map((at) => {
      const index = [
        at % shape[0]!,
        Math.floor(at / shape[0]!) % shape[1]!,
        Math.floor(at / shape[0]! / shape[1]!) % shape[2]!,
      ];
      const body = [0, 1, 2].map((d) => {
        const i = index[order[d] as number] as number;
        return signs[d] === 1 ? i : (sizes[d] as number) - 1 - i;
      });
      return body[0]! + 10 * body[1]! + 100 * body[2]! + 1000 * Math.floor(at / 24);
    });
    const volume = await readVolume(await writeNifti(file, { shape, values, rows }));
    assert.deepEqual(volume.shape, [...sizes, frames]);
    for (const [x, y, z, t] of [
      [0, 0, 0, 0],
      [1, 2, 3, 1],
      [1, 0, 2, 0],
      [0, 1, 3, 1],
    ] as const) {
      assert.equal(voxel(volume, x, y, z, t), x + 10 * y + 100 * z + 1000 * t);
    }
  }
});

test('orientation: sform before qform before none', async (context) => {
  const file = join(await temporaryFolder(context), 'a.nii');
  const base = { shape: [2, 3, 4], values: counted(24), spacing: [2, 3, 4] };
  const affineOf = async (more: object) =>
    (await readVolumeInfo(await writeNifti(file, { ...base, ...more }))).header.affine;
  assert.deepEqual(await affineOf({}), [
    [-2, 0, 0, 1],
    [0, 3, 0, -3],
    [0, 0, 4, -6],
  ]);
  // A quarter turn about z, by quaternion (√½, 0, 0, √½): x goes to the front, y to the left.
  const quaternion = [0, 0, Math.SQRT1_2, 10, 20, 30];
  const turned = [
    [0, -3, 0, 10],
    [2, 0, 0, 20],
    [0, 0, -4, 30],
  ];
  assertClose((await affineOf({ quaternion, handedness: -1 })).flat(), turned.flat(), { absolute: 1e-5 });
  const rows = [
    [0, 0, 5, 1],
    [5, 0, 0, 2],
    [0, -5, 0, 3],
  ] as unknown as Rows;
  assert.deepEqual(await affineOf({ quaternion, rows }), rows);
  assert.deepEqual(bodyAxes(rows as never), [
    { axis: 2, reversed: false },
    { axis: 0, reversed: false },
    { axis: 1, reversed: true },
  ]);
  // A flat slice may have no third direction.
  const flat = [
    [1, 0, 0, 0],
    [0, 0, 0, 0],
    [0, 1, 0, 0],
  ];
  assert.deepEqual(
    bodyAxes(flat as never).map(({ axis }) => axis),
    [0, 2, 1],
  );
});

test('pairs are read from either file, zipped or not', async (context) => {
  const folder = await temporaryFolder(context);
  const content = { shape: [3, 2], values: counted(6), type: 2 };
  await writeNifti(join(folder, 'a.hdr'), content);
  await writeNifti(join(folder, 'b.hdr.gz'), content);
  for (const name of ['a.hdr', 'a.img', 'b.hdr.gz', 'b.img.gz']) {
    const { stored, shape, header } = await readVolume(join(folder, name));
    assert.deepEqual([[...stored], shape, header.single], [counted(6), [3, 2, 1, 1], false]);
  }
});

test('what cannot be read is refused with the file and the reason, before memory is taken', async (context) => {
  const folder = await temporaryFolder(context);
  const file = join(folder, 'a.nii');
  const small = niftiBytes({ shape: [2, 3, 4], values: counted(24) });
  const changed = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(small);
    change(bytes);
    return bytes;
  };
  const sizes = (...lengths: number[]) =>
    changed((bytes) => {
      for (const [axis, length] of lengths.entries()) bytes.writeInt16LE(length, 40 + 2 * axis);
    });
  const cases: [string, Uint8Array][] = [
    ['not NIfTI', Buffer.from('hello')],
    ['not NIfTI', Buffer.alloc(0)],
    ['header is cut short', small.subarray(0, 200)],
    ['last 4 bytes are missing', small.subarray(0, small.length - 4)],
    ['ANALYZE 7.5', changed((bytes) => bytes.fill(0, 344, 348))],
    ['lacks the mark', changed((bytes) => bytes.write('nii', 344))],
    ['voxels are complex numbers', changed((bytes) => bytes.writeInt16LE(32, 70))],
    ['voxels are RGB colours', changed((bytes) => bytes.writeInt16LE(128, 70))],
    ['unknown type 77', changed((bytes) => bytes.writeInt16LE(77, 70))],
    ['0 axes', sizes(0)],
    ['9 axes', sizes(9)],
    ['shape is 2 × -3 × 4', sizes(3, 2, -3, 4)],
    ['30000 × 30000 × 30000 voxels would take', sizes(3, 30000, 30000, 30000)],
    ['start at byte 100', changed((bytes) => bytes.writeFloatLE(100, 108))],
    ['start at byte NaN', changed((bytes) => bytes.writeFloatLE(Number.NaN, 108))],
    [
      'orientation is not made of numbers',
      changed((bytes) => {
        bytes.writeInt16LE(1, 254);
        bytes.writeFloatLE(Number.POSITIVE_INFINITY, 280);
      }),
    ],
    ['unexpected end of file', gzipSync(small).subarray(0, 100)],
    ['unzips to more than', gzipSync(Buffer.concat([small, Buffer.alloc(2 ** 21)]))],
  ];
  for (const [reason, bytes] of cases) {
    await writeFile(file, bytes);
    await assert.rejects(readVolume(file), says(RunError, file, reason));
  }
  await assert.rejects(readVolume(join(folder, 'gone.nii')), says(RunError, 'gone.nii', 'ENOENT'));
  await writeNifti(join(folder, 'b.hdr'), { shape: [1], values: [1] });
  await assert.rejects(readVolume(join(folder, 'c.img')), says(RunError, 'c.hdr'));
});
