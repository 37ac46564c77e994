// Nets that come and go by the command line.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../src/cli/commands.ts';
import { parseSafetensors } from '../../src/exchange/safetensors.ts';
import { temporaryDirectory } from '../train/support.ts';
import { medrobust, tinyFile } from './command.ts';

const directory = temporaryDirectory();
const golden = fileURLToPath(new URL('../golden/exchange/resnet.safetensors', import.meta.url));
const size = ['--set', 'filters=2', '--input', '24x28x1', '--classes', '4'];

test('a file of PyTorch becomes a layers model, and goes back', async () => {
  const net = join(directory, 'net');
  mkdirSync(net);
  writeFileSync(join(net, 'notes.txt'), 'mine');
  const { code, stdout } = await medrobust(['import', golden, 'resnet', ...size, '--output', net]);
  assert.equal(code, 0);
  assert.deepEqual(readdirSync(net).sort(), ['model.json', 'notes.txt', 'weights.bin']);
  const weights = 122 - 20 - 2;
  assert.match(stdout, new RegExp(`: ${weights} weights, by the names of torchvision\n`));
  assert.match(stdout, /conv1\/kernel: \[7, 7, 3, 2\] for \[7, 7, 1, 2\]: the sum over 3 channels\n/);
  assert.match(stdout, /fc\/bias: \[3\] for \[4\]: other classes: keeps its initial values\n/);
  const back = join(directory, 'made', 'back.safetensors');
  await runCommand(['export', join(net, 'model.json'), '--output', back, '--names', 'torchvision']);
  const { tensors } = parseSafetensors(readFileSync(back), back);
  assert.deepEqual(tensors.get('layer4.0.downsample.0.weight')!.shape, [16, 8, 1, 1]);
});

test('a run is exported as a graph model and as weights', async () => {
  const runs = join(directory, 'runs');
  mkdirSync(runs);
  const trained = await medrobust(['train', tinyFile, '--directory', runs, '--set', 'epochs=1']);
  assert.equal(trained.code, 0, trained.stderr);
  const [graph, file] = [join(directory, 'graph'), join(directory, 'tiny.safetensors')];
  mkdirSync(graph);
  writeFileSync(join(graph, 'index.html'), 'mine');
  for (const output of [graph, `${graph}/`])
    await runCommand(['export', 'tiny', '--directory', runs, '--output', output]);
  assert.deepEqual(readdirSync(graph).sort(), ['index.html', 'model.json', 'weights.bin']);
  assert.equal(readFileSync(join(graph, 'index.html'), 'utf8'), 'mine');
  const json = JSON.parse(readFileSync(join(graph, 'model.json'), 'utf8'));
  assert.equal(json.format, 'graph-model');
  assert.deepEqual(
    json.signature.outputs.logits.tensorShape.dim.map((dim: { size: string }) => dim.size),
    ['-1', '16', '16', '2'],
  );
  await runCommand(['export', 'tiny', '--directory', runs, '--output', file]);
  assert.ok(parseSafetensors(readFileSync(file), file).tensors.size > 10);
});

const mistakes: readonly [words: string[], message: RegExp][] = [
  [['import', 'nowhere.safetensors', 'resnet', ...size], /There is no file nowhere/],
  [['import', 'net.pth', 'resnet', ...size], /unknown kind of weights file.*save_file/],
  [['import', golden, 'resnet', '--input', '24x28x1', '--classes', '4'], /has the shape .* of resnet has/],
  [['import', golden, 'resnet', ...size, '--seed', 'abc'], /--seed: expected a whole number/],
  [['export', 'nobody', '--output', 'x', '--directory', directory], /There is no run "nobody"/],
  [['export', 'nowhere.json', '--output', 'x'], /nowhere\.json cannot be loaded/],
  [
    ['export', 'nowhere.json', '--checkpoint', 'last', '--output', 'x'],
    /--checkpoint: a model\.json is of one checkpoint/,
  ],
];
for (const [words, message] of mistakes) {
  test(`medrobust ${words[0]} ${words[1]!.split('/').at(-1)} is refused`, () =>
    assert.rejects(runCommand(words), { name: 'UsageError', message }));
}
