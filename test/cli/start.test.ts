import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import yargs from 'yargs';
import { COMMANDS, EXAMPLES, formatOverview, SUMMARY } from '../../src/cli/overview.ts';
import { version } from '../../src/train/package-version.ts';

const commands = new URL('../../src/cli/commands.ts', import.meta.url).href;

function runProgram(program: string, variables: Readonly<Record<string, string>> = {}) {
  const options = ['--import', 'tsx', '--input-type=module', '-e', program];
  const env = { ...process.env, ...variables };
  const { status, stdout, stderr } = spawnSync(process.execPath, options, { encoding: 'utf8', env });
  assert.equal(status, 0, stderr);
  return stdout;
}

test('help of all commands is printed without loading TensorFlow.js, which takes most of a second', () => {
  // tfjs leaves its engine among the globals as soon as it is loaded.
  const stdout = runProgram(`
    const { runCommand } = await import(${JSON.stringify(commands)});
    const names = ${JSON.stringify(Object.keys(COMMANDS))};
    for (const words of [[], ...names.map((name) => [name])]) await runCommand([...words, '--help']);
    if ('_tfengine' in globalThis) throw new Error('TensorFlow.js was loaded');
    await import('@tensorflow/tfjs');
    if (!('_tfengine' in globalThis)) throw new Error('it cannot be told whether TensorFlow.js was loaded');`);
  assert.match(stdout, /medrobust <command>/);
  for (const { command } of Object.values(COMMANDS).filter(({ command }) => command !== 'data'))
    assert.ok(stdout.includes(`medrobust ${command}\n`), `medrobust ${command}`);
});

test('help and version alone are printed without loading yargs or a command', () => {
  const coverage = mkdtempSync(join(tmpdir(), 'medrobust-start-'));
  try {
    const stdout = runProgram(
      `const { runCommand } = await import(${JSON.stringify(commands)});
      await runCommand(['--help']);
      await runCommand(['--version']);`,
      { NODE_V8_COVERAGE: coverage },
    );
    assert.equal(stdout, `${formatOverview(110)}${version()}\n`);
    const loaded = readdirSync(coverage)
      .map((file) => readFileSync(join(coverage, file), 'utf8'))
      .join();
    assert.match(loaded, /src\/cli\/overview\.ts/);
    assert.doesNotMatch(loaded, /node_modules\/yargs|src\/cli\/train\.ts/);
  } finally {
    rmSync(coverage, { recursive: true });
  }
});

test('the overview is what yargs would print of the same commands', async () => {
  for (const width of [110, 80, 60]) {
    const parser = yargs([])
      .scriptName('medrobust')
      .usage(`$0 <command>\n\n${SUMMARY}`)
      .version('0')
      .wrap(width);
    for (const about of Object.values(COMMANDS)) parser.command({ ...about, handler: () => {} });
    for (const [words, what] of EXAMPLES) parser.example(`$0 ${words}`, what);
    const help = await parser.getHelp();
    assert.equal(formatOverview(width), `${help}\n`, `${width} columns`);
  }
});
