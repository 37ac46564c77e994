// DICOM files as the world writes them, beside what pydicom 3.0.2 reads in them; skips where the folder is absent.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { toRgb } from '../../../src/data/dicom/colours.ts';
import { rescale } from '../../../src/data/dicom/grey.ts';
import { parseDicom } from '../../../src/data/dicom/parse.ts';
import { dicomPicture } from '../../../src/data/dicom/picture.ts';
import { frameSamples } from '../../../src/data/dicom/samples.ts';
import { sharedData } from '../../support.ts';

interface Case {
  readonly file: string;
  readonly Rows: number | null;
  readonly Columns: number | null;
  readonly NumberOfFrames: number | string | null;
  readonly BitsAllocated: number | null;
  readonly BitsStored: number | null;
  readonly PixelRepresentation: number | null;
  readonly PhotometricInterpretation: string | null;
  readonly shape?: number[];
  readonly dtype?: string;
  readonly sha256_pixels_le?: string;
  readonly pixel_error?: string;
}

/** Why a file is refused, where it is. */
const refused: Readonly<Record<string, RegExp>> = {
  'MR_truncated.dcm': /cut short/,
  'badVR.dcm': /Number of Frames is "1A"/,
  'no_meta.dcm': /lacks the mark DICM/,
  'rtplan.dcm': /holds no pixels/,
};

const folder = sharedData('dicom_reader');
const cases: Case[] = folder ? JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) : [];

const read = async (name: string) => readFile(join(folder as string, name));

/** Packed without loss, which pydicom could not read here: the same pixels as in another file. */
const sameAs: Readonly<Record<string, string>> = {
  'MR_small_jpeg_ls_lossless.dcm': 'MR_small.dcm',
  'SC_rgb_jpeg_gdcm.dcm': 'SC_rgb_rle.dcm',
  [ct('JPEGLSLossless', '4.80')]: ct('LittleEndianExplicit', '1'),
  [ct('JPEGProcess14SV1', '4.70')]: ct('LittleEndianExplicit', '1'),
  [ct('JPEGProcess14', '4.57')]: ct('LittleEndianExplicit', '1'),
};

/** Packed with loss: the largest and the mean difference of measured values to those of another file. */
const near: Readonly<Record<string, [file: string, largest: number, mean: number]>> = {
  [ct('JPEGLSLossy', '4.81')]: [ct('LittleEndianExplicit', '1'), 1, 1],
  [ct('JPEGProcess2_4', '4.51')]: [ct('LittleEndianExplicit', '1'), 40, 4],
  [ct('JPEGProcess6_8', '4.53')]: [ct('LittleEndianExplicit', '1'), 40, 4],
  [ct('JPEGProcess10_12', '4.55')]: [ct('LittleEndianExplicit', '1'), 40, 4],
  'JPEG-lossy.dcm': ['JPEG2000.dcm', 100, 5],
};

function ct(name: string, syntax: string): string {
  return `CTImage.dcm_${name}TransferSyntax_1.2.840.10008.1.2.${syntax}.dcm`;
}

async function measuredOf(name: string): Promise<Float32Array> {
  const image = parseDicom(await read(name));
  return rescale(await frameSamples(image, 0), image, 0);
}

/** All frames, as RGB where they are colours. */
async function pixelsOf(bytes: Uint8Array): Promise<Buffer> {
  const image = parseDicom(bytes);
  const frames: Buffer[] = [];
  for (let frame = 0; frame < image.frames; frame++) {
    const values = toRgb(await frameSamples(image, frame), image);
    frames.push(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
  }
  return Buffer.concat(frames);
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('DICOM of other writers', { skip: folder === undefined && 'dicom_reader is not there' }, async (t) => {
  assert.equal(cases.length, 45);
  for (const expected of cases) {
    await t.test(expected.file, async () => {
      const bytes = await read(expected.file);
      const reason = refused[expected.file];
      if (reason) {
        await assert.rejects(dicomPicture(bytes, 0, undefined), reason);
        return;
      }
      const image = parseDicom(bytes);
      assert.deepEqual(
        [
          image.rows,
          image.columns,
          image.frames,
          image.bitsAllocated,
          image.bitsStored,
          image.signed,
          image.photometric,
        ],
        [
          expected.Rows,
          expected.Columns,
          expected.NumberOfFrames ?? 1,
          expected.BitsAllocated,
          expected.BitsStored,
          expected.PixelRepresentation === 1,
          expected.PhotometricInterpretation,
        ],
      );
      const pixels = await pixelsOf(bytes);
      if (expected.sha256_pixels_le) assert.equal(sha256(pixels), expected.sha256_pixels_le);
      else if (sameAs[expected.file]) {
        const { sha256_pixels_le } = cases.find(({ file }) => file === sameAs[expected.file]) as Case;
        assert.equal(sha256(pixels), sha256_pixels_le);
      } else {
        const [other, largest, mean] = near[expected.file] as (typeof near)[string];
        const [one, two] = [await measuredOf(expected.file), await measuredOf(other)];
        const differences = one.map((value, i) => Math.abs(value - (two[i] as number)));
        assert.ok(differences.every((difference) => difference <= largest));
        assert.ok(differences.reduce((a, b) => a + b) / differences.length <= mean);
      }
      const { values } = await dicomPicture(bytes, 0, undefined);
      assert.ok(values.every((value) => value >= 0 && value <= 1));
    });
  }
});
