import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { runCommand } from '../../src/cli/commands.ts';
import { UsageError } from '../../src/errors.ts';
import { medrobust, tinyFile } from './command.ts';

test('doctor --kernels says where the time goes, and where each kernel ran', async () => {
  const before = readdirSync('.');
  const words = ['doctor', '--kernels', tinyFile, '--set', 'net.filters=3', '--engine', 'cpu'];
  const { code, stdout, stderr } = await medrobust(words);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, '');
  assert.match(stdout, /^tiny: unet on cpu \(plain JavaScript/);
  assert.match(stdout, /one evaluation of 4 images \[16, 16, 3\]/);
  const rows = [...stdout.matchAll(/^ {2}(\w+) +(\d+) +([\d.]+) +([\d.]+) % {2}cpu$/gm)];
  const kernels = rows.map(([, kernel]) => kernel);
  // Of training alone, of the attack alone, and of both.
  for (const kernel of ['ApplyAdam', 'Sign', 'Conv2DBackpropInput'])
    assert.ok(kernels.includes(kernel), kernel);
  const times = rows.map(([, , , time]) => Number(time));
  assert.deepEqual(
    times,
    times.toSorted((a, b) => b - a),
  );
  const share = rows.reduce((sum, [, , , , percent]) => sum + Number(percent), 0);
  assert.ok(share > 0 && share <= 100 + 0.05 * rows.length, `${share} %`);
  assert.match(stdout, /^ {2}outside kernels +[\d.]+ +[\d.]+ %$/m);
  assert.match(stdout, /\nAbove 1 % of the time in JavaScript: \w+ \([\d.]+ %\).*\.\n$/);
  assert.deepEqual(readdirSync('.'), before, 'nothing is written');
});

test('doctor --kernels has the defence in the training step', async () => {
  const signs = async (...changes: string[]) => {
    const words = ['doctor', '--kernels', tinyFile, '--engine', 'cpu', '--set', 'net.filters=3', ...changes];
    const { code, stdout, stderr } = await medrobust(words);
    assert.equal(code, 0, stderr);
    return Number(stdout.match(/^ {2}Sign +(\d+) /m)?.[1]);
  };
  const defended = ['--set', 'defence=pgd', '--set', 'defence.steps=3'];
  assert.equal((await signs(...defended)) - (await signs()), 3);
});

const mistakes: readonly [words: string[], message: RegExp][] = [
  [['--kernels'], /--kernels: expected an experiment/],
  [['--kernels', 'dmeo'], /no experiment "dmeo".*demo/],
  [['--set', 'epochs=3'], /go with --kernels/],
  [['--threads', '2'], /go with --kernels/],
  [['--kernels', tinyFile, '--threads', 'two'], /--threads: expected a whole number/],
  [['--kernels', tinyFile, '--set', 'net.deep=3'], /no "deep"/],
  [['--kernels', 'pneumonia-resnet18', '--set', 'data.dataset.file=nowhere.npz'], /nowhere\.npz/],
];

for (const [words, message] of mistakes) {
  test(`doctor ${words.join(' ')} is refused in one line`, async () => {
    await assert.rejects(runCommand(['doctor', ...words]), (error: Error) => {
      assert.match(error.message, message);
      return error instanceof UsageError;
    });
  });
}
