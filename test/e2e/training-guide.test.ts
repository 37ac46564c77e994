// The commands of docs/training.md, as they stand there.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../train/support.ts';
import { medrobust } from './command.ts';

const guide = readFileSync(fileURLToPath(new URL('../../docs/training.md', import.meta.url)), 'utf8');
const commands = [...guide.matchAll(/^medrobust (.+)$/gm)].map(([, words = '']) => words.split(' '));
const directory = temporaryDirectory();

test('the guide has commands', () => assert.ok(commands.length >= 4));

for (const words of commands) {
  test(`medrobust ${words.slice(0, 6).join(' ')} …`, async () => {
    const { code, stderr, stdout } = await medrobust([...words, '--directory', directory]);
    assert.equal(code, 0, stderr);
    assert.ok(stdout.length > 0);
    if (words.includes('--tile')) assert.match(stdout, /in tiles of 32x32, overlapping by 0\.25 or more/);
    if (words.some((word) => word.startsWith('checkpoints.best=validation/accuracy,'))) {
      assert.match(
        stdout,
        /best checkpoint: .*mean of validation\/accuracy, robustness\/worst\/linf\/0\.0078/,
      );
    }
  });
}
