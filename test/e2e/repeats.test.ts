// One experiment with several seeds and folds, as the command line trains and compares it.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from '../../src/cli/commands.ts';
import { lockRun } from '../../src/train/run-lock.ts';
import { temporaryDirectory } from '../train/support.ts';
import { medrobust, tinyFile } from './command.ts';

const root = temporaryDirectory();
const words = [
  ...['train', tinyFile, '--directory', root, '--seeds', '1,2', '--folds', '0,2'],
  ...['--set', 'data.split.folds=3', '--set', 'epochs=1', '--set', 'robustness.everyEpochs=1'],
];
const runs = () => readdirSync(join(root, 'tiny'));

test('every seed and fold is trained once, and again only what is missing', async () => {
  const first = await medrobust(words);
  assert.equal(first.code, 0, first.stderr);
  const headings = first.stdout.match(/^Run \d of 4, seed \d, fold \d: begins$/gm);
  assert.deepEqual(headings, [
    'Run 1 of 4, seed 1, fold 0: begins',
    'Run 2 of 4, seed 1, fold 2: begins',
    'Run 3 of 4, seed 2, fold 0: begins',
    'Run 4 of 4, seed 2, fold 2: begins',
  ]);
  assert.match(first.stdout, /^All 4 runs are there\. Next: medrobust compare tiny$/m);
  const before = runs();
  assert.equal(before.length, 4);
  const lost = before.find((run) => run.endsWith('-2')) as string;
  rmSync(join(root, 'tiny', lost), { recursive: true });
  const second = await medrobust(words);
  assert.equal(second.code, 0, second.stderr);
  assert.equal(second.stdout.match(/: is there, /g)?.length, 3);
  assert.equal(second.stdout.match(/: begins$/gm)?.length, 1);
  assert.equal(runs().length, 4);
});

test('a run that another process trains is left to it', async () => {
  const [held] = runs() as [string];
  const path = join(root, 'tiny', held);
  const records = readFileSync(join(path, 'metrics.jsonl'));
  writeFileSync(join(path, 'metrics.jsonl'), '');
  const release = await lockRun(path);
  const { code, stdout, stderr } = await medrobust(words);
  release();
  writeFileSync(join(path, 'metrics.jsonl'), records);
  assert.equal(code, 0, stderr);
  assert.equal(stdout.match(/: another process is at it, /g)?.length, 1);
  assert.match(stdout, /^1 of 4 runs were left to other processes\.$/m);
});

test('they are one row, with their spread', async () => {
  const { code, stdout, stderr } = await medrobust(['compare', 'tiny', '--directory', root]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^\| unet +\| \d\.\d{3} ± \d\.\d{3} /m);
  assert.match(stdout, /over 4 runs of other seeds and folds/);
});

test('what cannot be repeated is refused before anything starts', async () => {
  const refused = (extra: readonly string[], message: RegExp) =>
    assert.rejects(runCommand(['train', tinyFile, '--directory', root, ...extra]), {
      name: 'UsageError',
      message,
    });
  await refused(['--seeds', '1,x'], /--seeds: .*1,2,3.*"1,x"/);
  await refused(['--seeds', '1,1'], /different whole numbers/);
  await refused(['--folds', 'all'], /--set data\.split\.folds=5/);
  await refused(['--seeds', '1', '--resume'], /Leave --resume out/);
});
