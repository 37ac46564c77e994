// The net that CONTRIBUTING.md shows is added to a copy of the program as the text says, and runs.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../train/support.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(join(checkout, 'CONTRIBUTING.md'), 'utf8');
const [net, registration, tiny] = Array.from(text.matchAll(/```ts\n([\s\S]*?)```/g), ([, code]) => code!);

const copy = temporaryDirectory();

before(() => {
  cpSync(join(checkout, 'src'), join(copy, 'src'), {
    recursive: true,
    // What was built stays where it is.
    filter: (source) => !/[/\\](build|node_modules)$/.test(source),
  });
  cpSync(join(checkout, 'experiments'), join(copy, 'experiments'), { recursive: true });
  for (const file of ['package.json', 'tsconfig.json']) cpSync(join(checkout, file), join(copy, file));
  symlinkSync(join(checkout, 'node_modules'), join(copy, 'node_modules'));
  writeFileSync(join(copy, /^\/\/ (.*)\n/.exec(net!)![1]!), net!);
  appendFileSync(join(copy, 'src/nets/registry.ts'), registration!);
});

function run(...words: string[]): string {
  return execFileSync(process.execPath, ['--import', 'tsx', ...words], {
    cwd: copy,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

describe('the net of CONTRIBUTING.md', () => {
  test('has fewer than 60 lines', () => assert.ok(net!.split('\n').length < 60));

  test('is counted by the command that the text names', () => {
    const command = /`medrobust (describe plainNet .*?)`/.exec(text)![1]!;
    const printed = run('src/cli/main.ts', ...command.split(' '), '--json');
    const { parameters, stages, source } = JSON.parse(printed);
    // 56 layers: 18 convolutions of 3 × 3 in each stage; with gamma and beta, and the classifier.
    const kernels = 432 + 18 * 2304 + (16 + 17 * 32) * 288 + (32 + 17 * 64) * 576;
    const channels = 19 * 16 + 18 * 32 + 18 * 64;
    assert.deepEqual(parameters, {
      trainable: kernels + 2 * channels + 650,
      total: kernels + 4 * channels + 650,
    });
    const names = stages.map(({ name }: { name: string }) => name);
    assert.deepEqual(names, ['images', 'pixels', 'conv1', 'stage1', 'stage2', 'stage3', 'gap', 'logits']);
    assert.match(source, /arXiv:1512\.03385/);
  });

  test('is listed with its options', () => {
    const nets = JSON.parse(run('src/cli/main.ts', 'list', 'nets', '--json'));
    const { options, presets } = nets.find(({ name }: { name: string }) => name === 'plainNet');
    assert.equal(options.depth, 20);
    assert.equal(options.activation, 'relu');
    assert.deepEqual(presets, { plainNet56: { depth: 56 } });
  });

  test('trains in a run of its own, by its tiny setting', () => {
    const { depth, width } = /depth: (?<depth>\d+), width: (?<width>[\d.]+)/.exec(tiny!)!.groups!;
    const set = [
      'net=plainNet',
      `net.depth=${depth}`,
      `net.width=${width}`,
      'epochs=1',
      'data.dataset.count=60',
      'data.dataset.size=16',
      'data.batchSize=8',
      'robustness.attacks=fgsm',
      'robustness.images=8',
    ];
    const words = set.flatMap((assignment) => ['--set', assignment]);
    const printed = run('src/cli/main.ts', 'train', 'demo', '--directory', 'runs', ...words);
    assert.match(printed, /^demo: plainNet, /m);
    assert.match(printed, /^Done: 1 epoch/m);
  });

  test('is what the text says that the compiler asks for', () => {
    assert.match(registration!, /^export \{ plainNet \} from '\.\/plain-net\.ts';\n$/);
    assert.match(tiny!, /plainNet: \[/);
  });
});
