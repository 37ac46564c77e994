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

test('a preset goes over the defaults and under the other options of a choice', () => {
  const registry = {
    net: { defaults: { depth: 18, width: 1, norm: 'batch' }, presets: { wide: { width: 2, depth: 34 } } },
  };
  const { options } = resolveChoice('net', registry, { name: 'net', preset: 'wide', depth: 50 } as {
    name: string;
  });
  assert.deepEqual(options, { depth: 50, width: 2, norm: 'batch' });
});

test('an unknown preset is refused with the presets there are; a definition without presets has no such option', () => {
  const registry = { net: { defaults: { depth: 18 }, presets: { wide: { depth: 34 } } }, pgd: { defaults } };
  const choose = (choice: { name: string; preset?: unknown }) => resolveChoice('net', registry, choice);
  assert.throws(
    () => choose({ name: 'net', preset: 'toString' }),
    /net has no preset "toString"\. Its presets: wide\./,
  );
  assert.throws(() => choose({ name: 'net', preset: 3 }), /net has no preset 3/);
  assert.throws(() => choose({ name: 'pgd', preset: 'wide' }), /pgd has no option "preset"/);
});
