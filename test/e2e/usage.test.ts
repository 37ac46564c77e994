import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../train/support.ts';
import { medrobust, tinyFile } from './command.ts';

const directory = temporaryDirectory();
const runs = join(directory, 'runs');
const noDefault = join(directory, 'no-default.ts');
const torn = join(directory, 'torn.ts');
writeFileSync(noDefault, 'export const experiment = {};\n');
writeFileSync(torn, 'export default { name: \n');

const mistakes: readonly [words: string[], message: RegExp][] = [
  [[], /Expected a command: train, evaluate, list or doctor/],
  [['trian'], /Did you mean train\?/],
  [['train', 'demo', '--epochs', '3'], /Unknown argument: epochs/],
  [['train'], /Expected an experiment/],
  [['train', 'dmeo'], /no experiment "dmeo".*demo/],
  [['train', './nowhere.ts'], /There is no file \.\/nowhere\.ts/],
  [['train', noDefault], /no-default\.ts: expected "export default/],
  [['train', torn], /torn\.ts cannot be loaded/],
  [
    ['train', tinyFile, '--set', 'net.depth=19', '--directory', runs],
    /"depth" of resnet: expected 18, 34 or 50/,
  ],
  [['train', tinyFile, '--set', 'robustness.epsilons=8'], /robustness\.epsilons.*8\/255; received 8/],
  [['train', tinyFile, '--engine', 'gpu'], /engine.*"gpu".*onednn/],
  [['train', tinyFile, '--threads', 'many'], /--threads: expected a whole number/],
  [['train', tinyFile, '--resume', '--set', 'epochs=3'], /a run is resumed as it was started/],
  [['train', tinyFile, '--resume', '--directory', runs], /no run "tiny" in/],
  [['evaluate', directory], /There is no run/],
  [['list', 'networks'], /kind.*"networks".*nets/],
];

test('every mistake is one line on standard error, says what to do, and exits with 2', async () => {
  // A few at a time: each is a process.
  for (let i = 0; i < mistakes.length; i += 4) {
    await Promise.all(
      mistakes.slice(i, i + 4).map(async ([words, message]) => {
        const { code, stderr } = await medrobust(words);
        const what = `medrobust ${words.join(' ')}: ${stderr}`;
        assert.match(stderr, message, what);
        assert.equal(code, 2, what);
        assert.equal(stderr.trimEnd().split('\n').length, 1, what);
      }),
    );
  }
  assert.ok(!existsSync(runs), 'a mistake created something');
});

test('lists are for people and for programs', async () => {
  const [nets, attacks, experiments, help] = await Promise.all([
    medrobust(['list', 'nets']),
    medrobust(['list', 'attacks', '--json']),
    medrobust(['list', 'experiments', '--json']),
    medrobust(['train', '--help']),
  ]);
  assert.match(nets.stdout, /^unet {2}\(segmentation\)\n {4}depth = 4$/m);
  const { pgd } = Object.fromEntries(
    JSON.parse(attacks.stdout).map((entry: { name: string }) => [entry.name, entry]),
  );
  assert.equal(typeof pgd.options.steps, 'number');
  const names = JSON.parse(experiments.stdout).map(({ name }: { name: string }) => name);
  for (const name of ['demo', 'pneumonia-resnet18', 'isic-inceptionV3', 'isic-lesion-unet'])
    assert.ok(names.includes(name));
  assert.match(help.stdout, /--resume/);
  assert.deepEqual(
    [nets, attacks, experiments, help].map(({ code }) => code),
    [0, 0, 0, 0],
  );
});
