// The reproductions of docs/tfjs-defects.md in plain tfjs: nothing here imports our corrections. One that fails after
// an update of tfjs is a correction that may go.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { inspect } from 'node:util';
import * as tf from '@tensorflow/tfjs';

before(() => tf.setBackend('cpu'));

const text = readFileSync(new URL('../../../docs/tfjs-defects.md', import.meta.url), 'utf8');
/** The first block is what all others begin with; a title in bold precedes each of the others. */
const [, , ...reproductions] = text.split('```js\n').map((part, i, parts) => ({
  title: [...(parts[i - 1] ?? '').matchAll(/\*\*(.+?)\*\*/g)].at(-1)?.[1] ?? 'reproduction',
  code: part.slice(0, part.indexOf('```')),
}));
type Run = (engine: typeof tf, console: { log(value: unknown): void }) => Promise<void>;
const AsyncFunction = (async () => {}).constructor as new (...source: string[]) => Run;

for (const { title, code } of reproductions) {
  test(title, async () => {
    // "// [ 4, 8 ]; should be 4, 20" prints [ 4, 8 ], "…" stands for anything.
    const comment = /\/\/ (.*)/.exec(code)?.[1] ?? '';
    const parts = (comment.split('; ')[0] as string).split('…');
    const printed: string[] = [];
    const log = (value: unknown) => printed.push(typeof value === 'string' ? value : inspect(value));
    await new AsyncFunction('tf', 'console', code)(tf, { log });
    assert.equal(printed.length, 1);
    const pattern = parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*');
    assert.match(printed[0] as string, new RegExp(`^${pattern}$`));
  });
}
