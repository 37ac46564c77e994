import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { calledAs } from '../../src/cli/called.ts';

const before = process.env.npm_lifecycle_event;
afterEach(() => {
  if (before === undefined) delete process.env.npm_lifecycle_event;
  else process.env.npm_lifecycle_event = before;
});

test('commands are named as they can be typed: by npm in a clone, else by the name of the program', () => {
  process.env.npm_lifecycle_event = 'demo';
  assert.equal(calledAs('train --resume x'), 'npm run train -- --resume x');
  assert.equal(calledAs('report x'), 'npm run medrobust -- report x');
  process.env.npm_lifecycle_event = 'postinstall';
  assert.equal(calledAs('report x'), 'medrobust report x');
  delete process.env.npm_lifecycle_event;
  assert.equal(calledAs('train --resume x'), 'medrobust train --resume x');
});
