// The commands of docs/adversarial-training.md, on little data.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as registry from '../../src/train/defences/registry.ts';
import { temporaryDirectory } from '../train/support.ts';
import { medrobust } from './command.ts';

const directory = temporaryDirectory();

const small = [
  ...['data.dataset.count=40', 'data.dataset.size=16', 'net.filters=2', 'epochs=1'],
  ...['robustness.images=4', 'robustness.epsilons=0,4/255'],
].flatMap((assignment) => ['--set', assignment]);

test('defences are listed, each with its options', async () => {
  const { code, stdout } = await medrobust(['list', 'defences', '--json']);
  assert.equal(code, 0);
  const listed = JSON.parse(stdout).map(({ name, options }: { name: string; options: object }) => [
    name,
    options,
  ]);
  const expected = Object.entries(registry).map(([name, { defaults }]) => [name, defaults]);
  assert.deepEqual(Object.fromEntries(listed), Object.fromEntries(expected));
});

test('an experiment is trained against attacks by an option, saves it, and is measured by other attacks', async () => {
  const defence = ['--set', 'defence.name=trades', '--set', 'defence.beta=3'];
  const trained = await medrobust(['train', 'demo', ...defence, ...small, '--directory', directory]);
  assert.equal(trained.code, 0, trained.stderr);
  const run = join(directory, 'demo', readdirSync(join(directory, 'demo'))[0] as string);
  const { defence: saved } = JSON.parse(readFileSync(join(run, 'experiment.json'), 'utf8'));
  assert.deepEqual([saved.name, saved.beta, saved.steps], ['trades', 3, 10]);
  const measured = await medrobust(['evaluate', run, '--attacks', 'apgd,square', '--epsilons', '0,4/255']);
  assert.equal(measured.code, 0, measured.stderr);
  assert.match(measured.stdout, /apgd/);
});
