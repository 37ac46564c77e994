// Volumes as the world writes them, beside what nibabel 5.4.2 reads in them; skips where the folder is absent.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { bodyAxes } from '../../../src/data/nifti/affine.ts';
import { readVolume, readVolumeInfo, type Volume, voxel } from '../../../src/data/nifti/volume.ts';
import { RunError } from '../../../src/errors.ts';
import { assertClose, sharedData } from '../../support.ts';
import { says } from '../fixtures.ts';

interface Case {
  readonly file: string;
  readonly error?: string;
  readonly kind: string;
  readonly shape: number[];
  readonly endian: '<' | '>';
  readonly dtype: string;
  readonly slope: number;
  readonly inter: number;
  readonly affine: number[][];
  readonly axcodes: string[];
  readonly min?: number;
  readonly max: number;
  readonly mean: number;
  readonly voxels: [number[], number][];
  readonly labels?: Record<string, number>;
}

/** Why a file is refused, where it is. */
const refused: Readonly<Record<string, string>> = {
  'not-nifti.nii': 'not NIfTI',
  'analyze.hdr': 'ANALYZE 7.5',
};

const dtypes: Readonly<Record<string, string>> = { '>i2': 'int16' };

/** The value at the indices of the file, whose order the manifest keeps. */
function valueAt(volume: Volume, index: readonly number[]): number {
  const { header, shape } = volume;
  const body = bodyAxes(header.affine).map(({ axis, reversed }, i) =>
    reversed ? (shape[i] as number) - 1 - (index[axis] ?? 0) : (index[axis] ?? 0),
  );
  const frame = index.slice(3).reduceRight((sum, i, axis) => sum * (header.shape[3 + axis] as number) + i, 0);
  return voxel(volume, body[0] as number, body[1] as number, body[2] as number, frame);
}

/** As nibabel writes them: where each axis of the file goes. */
function axisCodes(volume: Pick<Volume, 'header'>): string[] {
  const names = [
    ['R', 'L'],
    ['A', 'P'],
    ['S', 'I'],
  ];
  const codes: string[] = [];
  for (const [direction, { axis, reversed }] of bodyAxes(volume.header.affine).entries()) {
    codes[axis] = names[direction]?.[reversed ? 1 : 0] as string;
  }
  return codes;
}

const folder = sharedData('nifti_reader');
const cases: Case[] = folder ? JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) : [];

test('volumes of other writers', { skip: folder === undefined && 'nifti_reader is not there' }, async (t) => {
  assert.equal(cases.length, 24);
  for (const expected of cases) {
    const file = join(folder as string, expected.file);
    await t.test(expected.file, async () => {
      const reason = refused[expected.file];
      if (reason !== undefined) {
        await assert.rejects(readVolume(file), says(RunError, file, reason));
        await assert.rejects(readVolumeInfo(file), says(RunError, file, reason));
        return;
      }
      const info = await readVolumeInfo(file);
      const { header } = info;
      assert.deepEqual(header.shape, expected.shape);
      assert.equal(header.littleEndian, expected.endian === '<');
      assert.equal(header.type, dtypes[expected.dtype] ?? expected.dtype);
      assert.deepEqual([header.slope, header.intercept], [expected.slope, expected.inter]);
      assert.equal(`Nifti${header.version}${header.single ? 'Image' : 'Pair'}`, expected.kind);
      // The manifest rounds to six decimals.
      assertClose(header.affine.flat(), expected.affine.slice(0, 3).flat(), { absolute: 2e-6, relative: 0 });
      assert.deepEqual(axisCodes(info), expected.axcodes);
      if (expected.min === undefined) {
        await assert.rejects(readVolume(file), says(RunError, file, 'the other half of it'));
        return;
      }
      const volume = await readVolume(file);
      assert.equal(
        volume.stored.length,
        expected.shape.reduce((a, b) => a * b, 1),
      );
      for (const [index, value] of expected.voxels) assert.equal(valueAt(volume, index), value, index.join());
      let [least, most, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
      const counts: Record<string, number> = {};
      for (const stored of volume.stored) {
        const value = header.slope * stored + header.intercept;
        if (value < least) least = value;
        if (value > most) most = value;
        sum += value;
        if (expected.labels) counts[value] = (counts[value] ?? 0) + 1;
      }
      assert.deepEqual([least, most], [expected.min, expected.max]);
      assertClose([sum / volume.stored.length], [expected.mean], { relative: 1e-9 });
      if (expected.labels) assert.deepEqual(counts, expected.labels);
    });
  }
});
