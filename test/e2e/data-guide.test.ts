// The commands of docs/data-pipeline.md, as they stand there.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openDatasets } from '../../src/data/open-datasets.ts';
import { temporaryDirectory } from '../train/support.ts';
import { medrobust } from './command.ts';

const guide = readFileSync(fileURLToPath(new URL('../../docs/data-pipeline.md', import.meta.url)), 'utf8');
const commands = [...guide.matchAll(/^medrobust (.+)$/gm)].map(([, words = '']) => words.split(' '));
const directory = temporaryDirectory();

test('the guide has commands', () => assert.ok(commands.length >= 6));

for (const words of commands) {
  test(`medrobust ${words.join(' ')}`, async () => {
    if (words[1] === 'download') {
      assert.ok(Object.hasOwn(openDatasets, words[2] ?? ''), words[2]);
      return;
    }
    const sheet = join(directory, 'sheet.png');
    const draws = words[1] === 'inspect' && !words.includes('--verify');
    const extra = words[0] === 'train' ? ['--directory', directory] : draws ? ['--sheet', sheet] : [];
    const { code, stderr, stdout } = await medrobust([...words, ...extra]);
    assert.equal(code, 0, stderr);
    assert.ok(stdout.length > 0);
    if (draws) assert.ok(existsSync(sheet));
  });
}
