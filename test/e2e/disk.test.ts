import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { temporaryDirectory } from '../train/support.ts';
import { medrobust, tinyFile } from './command.ts';

const root = temporaryDirectory();

/** A file system of this size in memory, where this process may mount one. */
function smallDisk(name: string, kilobytes: number): string | undefined {
  const path = join(root, name);
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  after(() => execFileSync('umount', ['-l', path]));
  return path;
}

const train = (directory: string, ...words: string[]) =>
  medrobust(
    ['train', tinyFile, '--directory', directory, '--set', 'epochs=3', ...words],
    undefined,
    // One that hangs is to fail its test.
    120_000,
  );

for (const words of [[], ['--set', 'data.augment=flip', '--workers', '1']]) {
  const said = [
    'a disk that fills up ends the run in one line, with exit code 1; with space it goes on',
    ...words,
  ];
  test(said.join(' '), async (t) => {
    // Less than two checkpoints of the tiny net.
    const disk = smallDisk(`full-${words.length}`, 900);
    if (!disk) return t.skip('a file system cannot be mounted here');
    const { code, stderr, signal } = await train(disk, ...words);
    assert.equal(signal, null, 'it ended by itself');
    assert.equal(code, 1, stderr);
    assert.match(stderr, /^medrobust: .*no space (is )?left.*$/m);
    const [run = ''] = readdirSync(join(disk, 'tiny'));
    assert.ok(!existsSync(join(disk, 'tiny', run, 'lock')), 'the run is not held');
    assert.ok(
      !readdirSync(join(disk, 'tiny', run)).some((name) => name.endsWith('.tmp')),
      'nothing is half written',
    );
    execFileSync('mount', ['-o', 'remount,size=20m', disk]);
    const resumed = await medrobust(['train', '--resume', join(disk, 'tiny', run)]);
    assert.equal(resumed.code, 0, resumed.stderr);
  });
}

test('a directory that cannot be written to is said before anything is trained', async (t) => {
  const mounted = smallDisk('read-only', 64);
  const directory = mounted ?? join(root, 'read-only');
  if (mounted) execFileSync('mount', ['-o', 'remount,ro', mounted]);
  else if (process.getuid?.() === 0) return t.skip('root writes everywhere, and nothing can be mounted');
  else chmodSync(directory, 0o555);
  const { code, stdout, stderr } = await train(directory);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^medrobust: Cannot create the run: .*(read-only|permission denied).*$/m);
  assert.ok(!stdout.includes('epoch 1'));
});
