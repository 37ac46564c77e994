import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { importFile } from '../../src/cli/import-file.ts';
import { temporaryDirectory } from '../train/support.ts';

const root = temporaryDirectory();

function file(name: string, text: string): string {
  const path = join(root, name);
  writeFileSync(path, text);
  return path;
}

const types = `import type { Experiment } from '../src/train/experiment.ts';\n`;

test('TypeScript and JavaScript modules give what they export, whatever they import', async () => {
  file('package.json', '{ "type": "module" }');
  file('beside.ts', 'export const epsilon: number = 8 / 255;');
  const texts: Record<string, string> = {
    'alone.ts': `${types}export default { epsilon: 8 / 255 } satisfies Partial<Experiment> & object;`,
    'files.ts': `import { epsilon } from './beside.ts';\nexport default { epsilon };`,
    'extensionless.ts': `import { epsilon } from './beside';\nexport default { epsilon };`,
    'builtin.ts': `import { basename } from 'node:path';\nexport default { epsilon: Number(basename('/8')) / 255 };`,
    'place.mts': `export default { epsilon: import.meta.url.includes('place.mts') ? 8 / 255 : 0 };`,
    'plain.mjs': 'export default { epsilon: 8 / 255 };',
    'awaits.mjs': 'export default await Promise.resolve({ epsilon: 8 / 255 });',
  };
  for (const [name, text] of Object.entries(texts)) {
    const { default: exported } = await importFile(file(name, text));
    assert.deepEqual(exported, { epsilon: 8 / 255 }, name);
  }
});

test('CommonJS arrives with its exports as the default', async () => {
  mkdirSync(join(root, 'common'), { recursive: true });
  file('common/package.json', '{}');
  const path = file('common/plain.js', 'module.exports = { name: "plain" };');
  const { default: exported } = (await importFile(path)) as { default: { name?: string } };
  assert.equal(exported.name, 'plain');
});

test('a file that has changed is loaded anew', async () => {
  const path = file('changing.ts', 'export default 1;');
  assert.equal((await importFile(path)).default, 1);
  file('changing.ts', 'export default 2;');
  assert.equal((await importFile(path)).default, 2);
});

test('what does not compile, or throws, is refused with the reason', async () => {
  await assert.rejects(importFile(file('torn.ts', 'export default {')));
  await assert.rejects(importFile(file('throws.ts', 'throw new Error("not today");')), /not today/);
});
