// Runs tfjs-core's own specs on one engine, with our gradients:
//   node --import tsx test/conformance/run-specs.ts onednn
// Sends its results to the parent process; without one, prints them.

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { type EngineName, useEngine } from '../../src/engine/engine.ts';

export interface SpecResults {
  /** The names of all specs that ran, once for each that has this name. */
  readonly names: readonly string[];
  readonly failures: readonly { readonly name: string; readonly message: string }[];
}

/** Of jasmine-core, which has no types, what is used. */
interface Jasmine {
  core(required: Jasmine): { getEnv(options: object): JasmineEnvironment };
  interface(jasmine: object, environment: JasmineEnvironment): object;
}

interface JasmineEnvironment {
  configure(options: object): void;
  addReporter(reporter: Record<string, (result: JasmineResult) => void>): void;
  execute(specs: undefined, done: () => void): void;
}

interface JasmineResult {
  readonly fullName?: string;
  readonly status?: 'passed' | 'failed' | 'pending';
  readonly failedExpectations: readonly { readonly message: string }[];
}

const require = createRequire(import.meta.url);
const core = dirname(require.resolve('@tensorflow/tfjs-core'));

/** tfjs puts it, and its flags, into the name of every spec. */
const environmentName = 'medrobust';

function loadSpecs(): JasmineEnvironment {
  const required = require('jasmine-core/lib/jasmine-core/jasmine.js') as Jasmine;
  const jasmine = required.core(required);
  const environment = jasmine.getEnv({ suppressLoadErrors: true });
  Object.assign(globalThis, required.interface(jasmine, environment), { jasmine });
  // The specs import the sources of tfjs' API: they get the API that everybody imports, which has our corrections.
  const index = join(core, 'index.js');
  require.cache[index] = { exports: require('@tensorflow/tfjs-core') } as NodeJS.Module;
  const { setTestEnvs } = require(join(core, 'jasmine_util.js')) as { setTestEnvs(list: object[]): void };
  setTestEnvs([{ name: environmentName, backendName: tf.getBackend(), isDataSync: true }]);
  require(join(core, 'tests.js'));
  return environment;
}

async function run(engine: EngineName): Promise<SpecResults> {
  await useEngine(engine);
  const environment = loadSpecs();
  const names: string[] = [];
  const failures: { name: string; message: string }[] = [];
  const fail = (name: string, { failedExpectations }: JasmineResult) => {
    if (failedExpectations.length === 0) return;
    failures.push({ name, message: failedExpectations.map(({ message }) => message).join('\n') });
  };
  environment.configure({ random: false });
  environment.addReporter({
    specDone: (spec) => {
      // Those that tfjs itself has disabled.
      if (spec.status === 'pending') return;
      const name = (spec.fullName as string).replace(` ${environmentName} {}`, '');
      names.push(name);
      fail(name, spec);
    },
    suiteDone: (suite) => fail(`all of ${suite.fullName}`, suite),
    jasmineDone: (whole) => fail('all specs', whole),
  });
  await new Promise<void>((done) => environment.execute(undefined, done));
  return { names, failures };
}

const results = await run(process.argv[2] as EngineName);
if (process.send) {
  process.send(results, () => process.exit());
} else {
  for (const { name, message } of results.failures) console.log(`FAILED ${name}\n${message}`);
  console.log(`${results.names.length} specs, ${results.failures.length} failed`);
  process.exit();
}
