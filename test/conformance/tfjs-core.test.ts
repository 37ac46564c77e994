// The specs that tfjs-core publishes, about 4,200, on our engines. They need jasmine's globals and change tfjs' state,
// so each engine has a process of its own.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { probeEngines } from '../../src/engine/engine.ts';
import { deviations } from './deviations.ts';
import type { SpecResults } from './run-specs.ts';

const fewestSpecs = 4200;
const engines = (await probeEngines()).filter(({ name }) => name === 'onednn' || name === 'cpu');

async function runSpecs(engine: string): Promise<SpecResults> {
  const child = fork(fileURLToPath(new URL('run-specs.ts', import.meta.url)), [engine], { silent: true });
  let printed = '';
  child.stdout?.resume();
  child.stderr?.on('data', (text) => {
    printed += text;
  });
  const ended = once(child, 'exit').then(([code]) => assert.fail(`exit ${code} without results: ${printed}`));
  const [results] = await Promise.race([once(child, 'message'), ended]);
  return results as SpecResults;
}

describe("tfjs-core's own specs", () => {
  for (const { name, works, reason } of engines) {
    test(`on ${name}`, { skip: works ? false : reason }, async () => {
      const { names, failures } = await runSpecs(name);
      const unexpected = failures.filter((failure) => !Object.hasOwn(deviations, failure.name));
      assert.equal(unexpected.map((failure) => `${failure.name}\n${failure.message}`).join('\n\n'), '');
      assert.ok(names.length >= fewestSpecs, `only ${names.length} specs ran`);
      for (const deviation of Object.keys(deviations)) {
        const count = names.filter((spec) => spec === deviation).length;
        assert.equal(count, 1, `deviations.ts: "${deviation}" must be one spec, and is ${count}`);
        const fails = failures.some((failure) => failure.name === deviation);
        assert.ok(fails, `deviations.ts: "${deviation}" passes, and has no place there`);
      }
    });
  }
});
