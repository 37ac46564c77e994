// The reproductions of docs/tfjs-defects.md: wrong in plain tfjs, which nothing here has corrected yet, then right. One
// that fails after an update of tfjs is a correction that may go.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { inspect } from 'node:util';
import * as tf from '@tensorflow/tfjs';

type Run = (engine: typeof tf, console: { log(value: unknown): void }) => Promise<void>;
const AsyncFunction = (async () => {}).constructor as new (...source: string[]) => Run;

const text = readFileSync(new URL('../../../docs/tfjs-defects.md', import.meta.url), 'utf8');
/** The first block is what all others begin with; a title in bold precedes each of the others. */
const [, , ...reproductions] = text.split('```js\n').map((part, i, parts) => {
  const code = part.slice(0, part.indexOf('```'));
  return {
    title: [...(parts[i - 1] ?? '').matchAll(/\*\*(.+?)\*\*/g)].at(-1)?.[1] ?? 'reproduction',
    code,
    received: /^\/\/ received: (.*)$/m.exec(code)?.[1],
    expected: /^\/\/ expected: (.*)$/m.exec(code)?.[1],
  };
});

/** "…" stands for anything. */
async function assertPrints(code: string, wanted: string): Promise<void> {
  const printed: string[] = [];
  const log = (value: unknown) => printed.push(typeof value === 'string' ? value : inspect(value));
  await new AsyncFunction('tf', 'console', code)(tf, { log });
  assert.equal(printed.length, 1);
  const parts = wanted.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  assert.match(printed[0] as string, new RegExp(`^${parts.join('.*')}$`));
}

describe('plain tfjs', () => {
  before(() => tf.setBackend('cpu'));
  for (const { title, code, received } of reproductions) {
    test(title, () => assertPrints(code, received as string));
  }
});

/** Ours is another function, which has tests of its own. */
const elsewhere = ['Cross-entropy of a sure net.', 'No `stopGradient`.'];

for (const name of ['cpu', 'onednn'] as const) {
  describe(`with the corrections, on ${name}`, () => {
    let missing: string | undefined;
    before(async () => {
      // Importing this corrects tfjs for the whole process.
      const { useEngine } = await import('../../../src/engine/engine.ts');
      await useEngine(name).catch((error: Error) => {
        missing = error.message;
      });
    });
    for (const { title, code, expected } of reproductions) {
      test(title, async (t) => {
        if (missing) return t.skip(missing);
        if (elsewhere.includes(title)) assert.equal(expected, undefined);
        else await assertPrints(code, expected as string);
      });
    }
  });
}
