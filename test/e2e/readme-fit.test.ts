// The program that README.md shows for models of plain tfjs, as it stands there.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventFiles, readEvents } from '../summary/decode.ts';
import { temporaryDirectory } from '../train/support.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(checkout, 'README.md'), 'utf8');
const program = /## Measure a model of your own[\s\S]*?```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';

/** A project of somebody's with medrobust among its packages. */
function project(): string {
  const directory = temporaryDirectory();
  const installed = join(directory, 'node_modules', 'medrobust');
  mkdirSync(installed, { recursive: true });
  writeFileSync(join(installed, 'package.json'), '{ "type": "module", "exports": "./index.js" }');
  writeFileSync(
    join(installed, 'index.js'),
    `export * from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)};\n`,
  );
  symlinkSync(join(checkout, 'node_modules', '@tensorflow'), join(directory, 'node_modules', '@tensorflow'));
  writeFileSync(join(directory, 'fit.mjs'), program);
  return directory;
}

test('the program of README.md trains, measures and draws', () => {
  const directory = project();
  const loader = new URL('../../node_modules/tsx/dist/loader.mjs', import.meta.url).href;
  const printed = execFileSync(process.execPath, ['--import', loader, 'fit.mjs'], {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  assert.match(
    printed,
    /^adversarialEvaluation: its last layer, .*, applies a sigmoid; attacked on the logits/m,
  );
  const accuracies = /^accuracy within 8\/255: (.*)$/m.exec(printed)?.[1]?.split(' ').map(Number) ?? [];
  assert.ok(accuracies.length > 1 && accuracies.every((value) => value >= 0 && value <= 1), printed);
  const events = readEvents(eventFiles(join(directory, 'logs', 'val'))[0] as string);
  assert.ok(events.some(({ tag }) => tag === 'robustness/pgd/linf/0.0314'));
  assert.ok(events.some(({ tag }) => tag === 'robustness/curves'));
});
