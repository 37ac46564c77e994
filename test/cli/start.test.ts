import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const commands = new URL('../../src/cli/commands.ts', import.meta.url).href;

test('help of all commands is printed without loading TensorFlow.js, which takes most of a second', () => {
  // tfjs leaves its engine among the globals as soon as it is loaded.
  const program = `
    const { runCommand } = await import(${JSON.stringify(commands)});
    const names = ['train', 'evaluate', 'compare', 'diagnose', 'report', 'watch', 'list', 'data', 'describe', 'import', 'export', 'doctor'];
    for (const words of [[], ...names.map((name) => [name])]) await runCommand([...words, '--help']);
    if ('_tfengine' in globalThis) throw new Error('TensorFlow.js was loaded');
    await import('@tensorflow/tfjs');
    if (!('_tfengine' in globalThis)) throw new Error('it cannot be told whether TensorFlow.js was loaded');`;
  const options = ['--import', 'tsx', '--input-type=module', '-e', program];
  const { status, stdout, stderr } = spawnSync(process.execPath, options, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /medrobust <command>/);
  assert.match(stdout, /medrobust evaluate <run>/);
});
