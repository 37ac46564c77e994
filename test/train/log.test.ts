import assert from 'node:assert/strict';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { train } from '../../src/train/train.ts';
import { segmentation, temporaryDirectory } from './support.ts';

const directory = temporaryDirectory();
const descriptors = '/proc/self/fd';

function openBelow(path: string): string[] {
  const targets = readdirSync(descriptors).map((name) => {
    try {
      return readlinkSync(join(descriptors, name));
    } catch {
      // That of this listing.
      return '';
    }
  });
  return targets.filter((target) => target.startsWith(path));
}

test('a run that has ended holds none of its files open', async (t) => {
  if (!existsSync(descriptors)) return t.skip('this system does not list open files');
  const during: string[][] = [];
  const looking = { name: 'looking', onBatchEnd: () => void during.push(openBelow(directory)) };
  const { net } = await train({ ...segmentation, epochs: 1 }, { directory, callbacks: [looking] });
  net.model.dispose();
  assert.ok(during.flat().some((path) => path.endsWith('log.jsonl')));
  // It is synced before it is closed.
  for (let look = 0; look < 200 && openBelow(directory).length > 0; look++) await wait(10);
  assert.deepEqual(openBelow(directory), []);
});
