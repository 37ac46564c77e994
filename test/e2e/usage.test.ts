import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from '../../src/cli/commands.ts';
import { UsageError } from '../../src/errors.ts';
import { temporaryDirectory } from '../train/support.ts';
import { medrobust, tinyFile } from './command.ts';
import tiny from './tiny.ts';

const directory = temporaryDirectory();
const runs = join(directory, 'runs');
const noDefault = join(directory, 'no-default.ts');
const torn = join(directory, 'torn.ts');
writeFileSync(noDefault, 'export const experiment = {};\n');
writeFileSync(torn, 'export default { name: \n');

/** The directory of a run of `experiment`, as far as commands look before they open its net. */
function runOf(name: string, experiment: object): string {
  const path = join(directory, name);
  mkdirSync(path);
  writeFileSync(join(path, 'experiment.json'), JSON.stringify(experiment));
  writeFileSync(join(path, 'data.json'), JSON.stringify({ splits: { train: [], validation: [], test: [] } }));
  return path;
}
const { robustness: _, ...unattacked } = tiny;
const attacked = runOf('attacked', tiny);
const plain = runOf('plain', unattacked);

const mistakes: readonly [words: string[], message: RegExp][] = [
  [[], /Expected a command: train, evaluate, .* or doctor/],
  [['trian'], /no command "trian"\. Did you mean train\?/],
  [['data', 'inspct', 'demo'], /no command "data inspct"\. Did you mean inspect\?/],
  [['train', 'demo', '--epochs', '3'], /Unknown argument: epochs\. "medrobust train --help" shows/],
  [['train', 'demo', '--set'], /--set: expected a value after it, received none/],
  [['compare'], /medrobust compare: something to work on is missing\. "medrobust compare --help"/],
  [['train'], /Expected an experiment/],
  [['train', 'dmeo'], /no experiment "dmeo".*demo/],
  [['train', './nowhere.ts'], /There is no file \.\/nowhere\.ts/],
  [['train', noDefault], /no-default\.ts: expected "export default/],
  [['train', torn], /torn\.ts cannot be loaded/],
  [
    ['train', tinyFile, '--set', 'net.norm=groups', '--directory', runs],
    /"norm" of unet: expected batch, .* or none/,
  ],
  [['train', tinyFile, '--set', 'robustness.epsilons=8'], /robustness\.epsilons.*8\/255; received 8/],
  [['train', tinyFile, '--engine', 'gpu'], /engine.*"gpu".*onednn/],
  [['train', tinyFile, '--threads', 'many'], /--threads: expected a whole number/],
  [['train', tinyFile, '--resume', '--set', 'epochs=3'], /a run is resumed as it was started/],
  [['train', tinyFile, '--resume', '--directory', runs], /no run "tiny" in/],
  [['train', tinyFile, '--resume', attacked], /--resume .*attacked: names the run to go on with/],
  [['train', tinyFile, '--set'], /--set: expected a value after it, received none/],
  [['train', tinyFile, '--threads', '1', '--threads', '2'], /--threads: expected once, received 1 and 2/],
  [['train', tinyFile, '--seeds', '1', '--seeds', '2'], /--seeds: expected once/],
  [['train', tinyFile, '--directory', 'a', '--directory', 'b'], /--directory: expected once/],
  [['train', tinyFile, '--engine', 'cpu', '--engine', 'cpu'], /--engine: expected once/],
  [['compare', 'demo', '--out', 'a', '--output', 'b'], /--out(put)?: expected once, received a and b/],
  [['evaluate', directory], /There is no run/],
  [['evaluate', attacked, '--norm', 'l2'], /epsilons are in linf: for l2 give others, such as --epsilons/],
  [['evaluate', attacked, '--set', 'robustness.norm=l2'], /epsilons are in linf: for l2 give others/],
  [['evaluate', plain, '--attacks', 'fgsm', '--norm', 'l2'], /epsilons are in linf: for l2 give others/],
  [['evaluate', plain, '--transfer', attacked], /attacks nothing: name the attacks too/],
  [['evaluate', attacked, '--set', 'data.split.test=0.5'], /measured on the division .* trained with/],
  [['evaluate', attacked, '--experiment', tinyFile], /--experiment: a run has its own/],
  [['diagnose', attacked, '--experiment', tinyFile], /--experiment: a run has its own/],
  [['evaluate', 'model.json', '--checkpoint', 'best'], /--checkpoint: a model\.json is of one checkpoint/],
  [['diagnose', directory], /There is no run/],
  [['diagnose', 'nowhere/model.json'], /There is no file nowhere\/model\.json/],
  [['diagnose', 'tiny', '--images', '0'], /--images: expected a whole number of at least 1, received "0"/],
  [
    ['diagnose', 'tiny', '--epsilon', 'big'],
    /--epsilon: expected a number such as 0\.03 or 8\/255, received "big"/,
  ],
  [['describe', 'vgg', '--input', '8x8x1', '--classes', '2'], /There is no net "vgg"/],
  [['describe', 'unet', '--input', '8x8', '--classes', '2'], /--input: expected .* received "8x8"/],
  [['describe', 'unet', '--input', '8x8x1', '--classes', '0'], /--classes: expected a whole number/],
  [
    ['describe', 'unet', '--input', '4x16x16x1', '--classes', '2'],
    /is a net for .*, the data are for .* of volumes/,
  ],
  [['describe', 'unet', '--input', '8x9x1', '--classes', '2'], /multiples of/],
  [
    ['describe', 'unet', '--input', '8x8x1', '--classes', '2', '--set', 'depth=deep'],
    /depth: expected a number/,
  ],
  [['describe', 'unet', '--input', '8x8x1', '--classes', '2', '--set', 'size=1'], /no option "size"/],
  [['describe', 'unet', '--input', '8x8x1', '--classes', '2', '--preset', 'huge'], /no preset "huge"/],
  [['train', tinyFile, '--workers', '-1'], /--workers: expected a whole number of at least 0/],
  [['data'], /Expected what to do with data: inspect or download/],
  [['data', 'inspect', 'dmeo'], /no experiment "dmeo".*demo/],
  [['data', 'inspect', 'imageFolder'], /"directory" of imageFolder: expected a folder. Set it/],
  [['data', 'inspect', 'skinLesions', '--set', 'cuont=3'], /--set: .*"cuont=3".*count/],
  [['data', 'inspect', 'demo', '--verify', '--sheet', 'x.png'], /--sheet: --verify only looks/],
  [['data', 'download', 'mnist'], /no data set "mnist".*pneumoniamnist.*isic2017/],
  [['list', 'networks'], /kind.*"networks".*nets/],
];

for (const [words, message] of mistakes) {
  test(`medrobust ${words.map((word) => basename(word)).join(' ')} is refused in one line`, async () => {
    await assert.rejects(runCommand(words), (error: Error) => {
      assert.match(error.message, message);
      return error instanceof UsageError;
    });
    assert.ok(!existsSync(runs), 'a mistake created something');
  });
}

test('a contact sheet that cannot be written is said in one line', async () => {
  const words = ['data', 'inspect', 'skinLesions', '--set', 'count=4', '--set', 'size=16', '--sheet'];
  await assert.rejects(runCommand([...words, join(directory, 'nowhere', 'sheet.png')]), {
    name: 'RunError',
    message: /^Cannot write the contact sheet: .*no such file or directory/,
  });
});

test('a mistake is one line on standard error, without a stack, and exits with 2', async () => {
  const { code, stdout, stderr } = await medrobust(['train', 'dmeo']);
  assert.match(stderr, /^medrobust: There is no experiment "dmeo"\. .*demo.*\n$/);
  assert.equal(stdout, '');
  assert.equal(code, 2);
});

test('nets are described for people and for programs', async () => {
  const net = ['describe', 'resnet', '--set', 'depth=50', '--input', '224x224x3', '--classes', '1000'];
  const [text, json] = await Promise.all([medrobust(net), medrobust([...net, '--json'])]);
  assert.match(text.stdout, /^parameters {4}25,610,152, of which 25,557,032 are trained$/m);
  assert.match(text.stdout, /^ {2}layer4 +7 × 7 × 2048$/m);
  const described = JSON.parse(json.stdout);
  assert.deepEqual(described.parameters, { total: 25610152, trainable: 25557032 });
  assert.equal(described.multiplyAdds, 4089184256);
  assert.equal(described.options.depth, 50);
  assert.deepEqual(described.outputs, [[1000]]);
  assert.deepEqual(described.stages.at(-2), { name: 'gap', shape: [2048] });
  assert.deepEqual([text.code, json.code, text.stderr], [0, 0, '']);
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
