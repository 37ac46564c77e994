// A few hundred damaged files; thousands of them: npm run fuzz.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { RunError } from '../../src/errors.ts';
import { createFormats } from './formats.ts';
import { problemOf, runCase, tryReaders } from './fuzz.ts';

const folder = await mkdtemp(join(tmpdir(), 'medrobust-fuzz-'));
after(() => rm(folder, { recursive: true, force: true }));
const formats = await createFormats(folder);

for (const format of Object.keys(formats)) {
  test(`${format}: the files are read before they are damaged`, async () => {
    const { seeds, readers } = formats[format] as (typeof formats)[string];
    for (const { name, bytes } of seeds) {
      await writeFile(join(folder, name), bytes);
      const { problem, refused } = await tryReaders(readers.slice(0, 1), join(folder, name));
      assert.deepEqual([problem, refused], [undefined, false], name);
    }
  });

  test(`${format}: damaged files are read, or refused in one clear line`, async () => {
    for (let index = 0; index < 40; index++) {
      const { problem } = await runCase(formats, folder, { format, seed: 2, index });
      assert.equal(problem, undefined, `--format ${format} --seed 2 --index ${index}`);
    }
  });
}

test('the judge knows an engine that fell over from a reader that refused', () => {
  assert.equal(problemOf(new RunError('Cannot read a.nii: its shape is 0 × 3.')), undefined);
  assert.match(problemOf(new TypeError('x')) ?? '', /not an error of ours/);
  assert.match(problemOf(new RunError('two\nlines')) ?? '', /more than one line/);
  assert.match(
    problemOf(new RunError("Cannot read properties of undefined (reading 'map')")) ?? '',
    /not clear/,
  );
  assert.match(problemOf(new RunError('Array buffer allocation failed')) ?? '', /not clear/);
});
