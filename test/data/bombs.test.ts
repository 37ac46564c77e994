// Small files that would unfold to more than a machine has: refused before memory is taken.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { decodeImage, imageTarget } from '../../src/data/image-file.ts';
import { readVolume } from '../../src/data/nifti/volume.ts';
import { readNpz } from '../../src/data/npz.ts';
import { RunError } from '../../src/errors.ts';
import { dicomBytes, pixelBytes, syntaxes } from './dicom/write.ts';
import { says, temporaryFolder, writeText } from './fixtures.ts';
import { niftiBytes } from './nifti/write.ts';
import { npyBytes } from './npy.ts';
import { crc32 } from './png.ts';

const target = imageTarget('test', { size: [8, 8], channels: 1, fit: 'squash', window: [0, 1] });

/** Runs `refuse` and asserts that it took less memory than any of the bombs would: at most `most` bytes. */
async function inLittleMemory(refuse: () => Promise<void>, most = 2 ** 27): Promise<void> {
  const before = process.memoryUsage();
  await refuse();
  const after = process.memoryUsage();
  const taken = after.arrayBuffers + after.external - before.arrayBuffers - before.external;
  assert.ok(taken < most, `took ${taken} bytes`);
}

/** A PNG of `side` × `side` grey pixels in 16 bits that all say 0, one row of which is there. */
function pngBytes(side: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const [head, tail] = [Buffer.alloc(8), Buffer.alloc(4)];
    head.writeUInt32BE(data.length, 0);
    head.write(type, 4, 'latin1');
    tail.writeUInt32BE(crc32(Buffer.concat([head.subarray(4), data])), 0);
    return Buffer.concat([head, data, tail]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0]);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  const data = deflateSync(Buffer.alloc(2 * side + 1));
  const start = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([start, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

test('sizes in headers: NIfTI, NumPy, PNG, DICOM', async (context) => {
  const folder = await temporaryFolder(context);
  const huge = Buffer.from(niftiBytes({ version: 2, shape: [1, 1, 1], values: [0] }));
  for (const axis of [1, 2, 3]) huge.writeBigInt64LE(2n ** 40n, 16 + 8 * axis);
  const scan = { rows: 60000, columns: 60000, pixels: pixelBytes([1, 2, 3, 4], 16) };
  const cases = [
    ['a.nii', huge, 'voxels would take'],
    ['a.nii.gz', gzipSync(huge), 'voxels would take'],
    ['a.npy', npyBytes('<f8', [100000, 100000], new Uint8Array(8)), 'numbers would take 80000000000 bytes'],
    ['a.png', pngBytes(30000), 'exceeds pixel limit'],
    ['a.dcm', dicomBytes(scan), 'frames of 60000 × 60000 would take'],
    ['b.dcm', dicomBytes({ ...scan, rows: 20000, columns: 20000 }), 'bytes of its pixels are missing'],
  ] as const;
  await inLittleMemory(async () => {
    for (const [name, bytes, reason] of cases) {
      const file = await writeText(join(folder, name), bytes);
      await assert.rejects(decodeImage(file, target), says(RunError, name, reason));
    }
  });
});

test('packed bytes: gzip, zip, deflate', async (context) => {
  const folder = await temporaryFolder(context);
  const zeros = Buffer.alloc(2 ** 22);
  const volume = niftiBytes({ shape: [2, 2, 2], values: [0, 0, 0, 0, 0, 0, 0, 0] });
  const gzipped = await writeText(join(folder, 'a.nii.gz'), gzipSync(Buffer.concat([volume, zeros])));
  const zip = Buffer.from(zipSync({ 'x.npy': npyBytes('|u1', [2 ** 22], zeros) }));
  // The size that the central directory tells of the entry, set to 3 GiB.
  zip.writeUInt32LE(3 * 2 ** 30, zip.lastIndexOf('PK\x01\x02', undefined, 'latin1') + 24);
  const npz = await writeText(join(folder, 'a.npz'), zip);
  // Twice what a deflated file may hold, from half a MiB.
  const block = deflateRawSync(Buffer.alloc(2 ** 23), { finishFlush: constants.Z_SYNC_FLUSH });
  const deflated = dicomBytes(
    { syntax: syntaxes.deflated, rows: 2, columns: 2, pixels: new Uint8Array(8) },
    () => Buffer.concat(Array.from({ length: 64 }, () => block)),
  );
  const dicom = await writeText(join(folder, 'a.dcm'), deflated);
  await inLittleMemory(async () => {
    await assert.rejects(readVolume(gzipped), says(RunError, 'a.nii.gz', 'unzips to more than'));
    await assert.rejects(
      readNpz('test', npz, ['x']),
      says(RunError, 'a.npz', 'would take 3221225472 bytes', 'fewer pixels'),
    );
  });
  const unfolds = 'unfolds to more than 268435456 bytes';
  await inLittleMemory(
    () => assert.rejects(decodeImage(dicom, target), says(RunError, 'a.dcm', unfolds)),
    2 ** 30,
  );
});
