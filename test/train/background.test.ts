import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createBackground } from '../../src/train/background.ts';

test('tasks are done one after the other, in the order in which they were added', async () => {
  const background = createBackground();
  const seen: string[] = [];
  for (const [i, milliseconds] of [20, 0, 10].entries()) {
    background.add(async () => {
      seen.push(`begin ${i}`);
      await wait(milliseconds);
      seen.push(`end ${i}`);
    });
  }
  background.add(() => void seen.push('no promise'));
  assert.deepEqual(seen, [], 'whoever adds is not held up');
  assert.ok(background.busy);
  await background.settle();
  assert.ok(!background.busy);
  assert.deepEqual(seen, [...[0, 1, 2].flatMap((i) => [`begin ${i}`, `end ${i}`]), 'no promise']);
});

test('after a task that fails none is begun, and what it failed with is thrown whenever one looks', async () => {
  const background = createBackground();
  let begun = 0;
  background.add(() => void begun++);
  background.check();
  background.add(() => Promise.reject(new Error('no space')));
  background.add(() => void begun++);
  await assert.rejects(background.settle(), /no space/);
  background.add(() => void begun++);
  assert.throws(() => background.check(), /no space/);
  await assert.rejects(background.settle(), /no space/);
  assert.equal(begun, 1);
});
