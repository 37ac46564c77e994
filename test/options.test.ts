import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../src/errors.ts';
import { resolveChoice, resolveOptions } from '../src/options.ts';

const defaults = { steps: 10, norm: 'l2', start: true, sizes: [1, 2], classes: [] as string[] };

const refused = (overrides: object, message: RegExp) =>
  assert.throws(
    () => resolveOptions('pgd', defaults, overrides),
    (error) => error instanceof UsageError && message.test(error.message),
  );

test('overrides replace defaults, and undefined keeps them', () => {
  assert.deepEqual(resolveOptions('pgd', defaults, { steps: 3, norm: undefined }), { ...defaults, steps: 3 });
});

test('an unknown option names the choices', () => {
  refused({ stepz: 3 }, /^pgd has no option "stepz"\. Its options: steps, norm, start, sizes, classes\.$/);
  refused(JSON.parse('{"__proto__": 1}'), /has no option "__proto__"/);
});

test('a value of another type is refused with both types', () => {
  refused({ steps: '3' }, /expected a number \(default 10\), received "3"/);
  refused({ steps: Number.NaN }, /expected a number/);
  refused({ sizes: ['a'] }, /expected a list of numbers/);
  refused({ start: 1 }, /expected a boolean/);
});

test('an empty default list takes a list of any kind', () => {
  assert.deepEqual(resolveOptions('x', defaults, { classes: ['a'] }).classes, ['a']);
  refused({ classes: 'a' }, /expected a list/);
});

test('a choice is found by its own name only', () => {
  const registry = { pgd: { defaults } };
  assert.equal(resolveChoice('attack', registry, { name: 'pgd' }).options.steps, 10);
  assert.throws(
    () => resolveChoice('attack', registry, { name: 'toString' }),
    /There is no attack "toString". Choose one of: pgd/,
  );
});
