import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normBeside } from '../../src/cli/subject.ts';
import { classification } from '../train/support.ts';

test('what is measured in another norm than the own has the norm in its name', () => {
  const { robustness, ...plain } = classification;
  const inL2 = { ...plain, robustness: { ...robustness, norm: 'l2' as const } };
  assert.deepEqual(normBeside(classification, 'linf'), []);
  assert.deepEqual(normBeside(classification, 'l2'), ['l2']);
  assert.deepEqual(normBeside(inL2, 'l2'), []);
  assert.deepEqual(normBeside(inL2, 'linf'), ['linf']);
  assert.deepEqual(normBeside(plain, 'linf'), []);
  assert.deepEqual(normBeside(plain, 'l2'), ['l2']);
  assert.deepEqual(normBeside(plain, undefined), []);
});
