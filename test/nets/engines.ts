// The engines that nets are compared with the references on: all that work on this machine.

import { type EngineName, probeEngines, useEngine } from '../../src/engine/engine.ts';
import { engines as inJavaScript, type TestEngine } from '../engine/engines.ts';

function native(name: EngineName): TestEngine {
  return {
    name,
    use: async () => {
      await useEngine(name);
    },
  };
}

const known = new Set(inJavaScript.map(({ name }) => name));
const probed = (await probeEngines()).filter(({ name, works }) => works && !known.has(name));

export const engines: readonly TestEngine[] = [...inJavaScript, ...probed.map(({ name }) => native(name))];
