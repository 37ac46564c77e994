// Evaluations as reports and comparisons read them.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareRuns } from '../../src/report/compare/compare.ts';
import { formatMarkdown } from '../../src/report/compare/formats.ts';
import { readMeasured } from '../../src/train/report/measured-data.ts';
import { run } from '../report/page-fixture.ts';
import { temporaryDirectory } from './support.ts';

const directory = temporaryDirectory();

test('a metric that was not a number is left out of what pages and comparisons read', async () => {
  mkdirSync(join(directory, 'evaluations'));
  const clean = { loss: null, accuracy: 0.5, auroc: Number.NaN, 'labelAuroc/hernia': Number.NaN };
  const evaluation = JSON.stringify({ split: 'test', images: 4, clean });
  writeFileSync(join(directory, 'evaluations', 'test-best.json'), evaluation);
  const measured = await readMeasured(directory);
  assert.deepEqual(measured[0]?.clean, { accuracy: 0.5 });
  const [first, second] = [1, 2].map((seed) => run({ id: `one/${seed}`, seed, measured }));
  const table = compareRuns([first!, second!], { split: 'test' });
  assert.deepEqual(table.columns, ['accuracy']);
  assert.match(formatMarkdown(table), /0\.500/);
});
