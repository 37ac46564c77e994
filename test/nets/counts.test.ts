// Numbers of weights, of multiply-adds, and shapes at published sizes, against Keras, PyTorch and the original
// repositories. Nets are built, not run, and from zeros: drawing the weights of all would take most of the time.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { describeNet, type NetDescription } from '../../src/nets/describe.ts';
import type { NetDefinition } from '../../src/nets/net.ts';
import * as registry from '../../src/nets/registry.ts';
import { type Options, resolveChoice } from '../../src/options.ts';
import { createRandom, type Random } from '../../src/random.ts';
import { loadGolden } from '../golden/load.ts';
import type { Configuration, Family, Row } from './configurations/row.ts';

const zeros: Random = {
  ...createRandom(0),
  stream: () => zeros,
  uniforms: (length) => new Float32Array(length),
  normals: (length) => new Float32Array(length),
};

const folder = new URL('./configurations/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.ts') && file !== 'row.ts');
const families = await Promise.all(
  files.sort().map((file) => import(new URL(file, folder).href) as Promise<Family>),
);

function configurationOf(row: Row): Configuration | undefined {
  for (const family of families) {
    const found = family.choiceOf(row);
    if (found) return found;
  }
  return undefined;
}

function buildRow({ inputShape, classes }: Row, { choice }: Configuration): tf.LayersModel {
  const nets: Readonly<Record<string, NetDefinition<Options>>> = registry;
  const { definition, options } = resolveChoice('net', nets, choice);
  const imageShape = inputShape.slice(-3) as [number, number, number];
  const volume = inputShape.length === 4 ? { depth: inputShape[0] as number } : {};
  return definition.build({ task: definition.task, imageShape, classes, ...volume }, options, zeros).model;
}

function checkStages(
  row: Row,
  { stageOf }: Configuration,
  model: tf.LayersModel,
  description: NetDescription,
): void {
  const named = new Map<string, readonly number[]>(
    model.layers.map((layer) => [layer.name, (layer.outputShape as tf.Shape).slice(1) as number[]]),
  );
  const all = new Set(Array.from(named.values(), String));
  for (const { name, shape } of description.stages) named.set(name, shape);
  for (const [theirs, expected] of Object.entries(row.stage_shapes)) {
    const ours = stageOf?.(theirs);
    if (ours === null) continue;
    const found = named.get(ours ?? theirs);
    if (ours || found) assert.deepEqual(found, expected, `${theirs}, our ${ours ?? theirs}`);
    else assert.ok(all.has(String(expected)), `no layer gives ${theirs}: ${expected.join(' × ')}`);
  }
}

describe('published sizes of nets', () => {
  for (const row of loadGolden<{ entries: Row[] }>('nets/open').entries) {
    const title = `${row.name} ${JSON.stringify(row.config)} ${row.inputShape.join('×')} → ${row.classes}`;
    const configuration = configurationOf(row);
    test(title, { skip: !configuration && 'no family answers for it' }, () => {
      const model = buildRow(row, configuration!);
      const description = describeNet(model);
      const { parameters, multiplyAdds, outputs } = description;
      assert.deepEqual(parameters, { total: row.params_total, trainable: row.params_trainable });
      assert.equal(multiplyAdds, row.macs);
      assert.deepEqual(outputs, Array.isArray(row.output_shape[0]) ? row.output_shape : [row.output_shape]);
      checkStages(row, configuration!, model, description);
      model.dispose();
    });
  }

  test('nothing is left of them', () => assert.equal(tf.memory().numTensors, 0));
});
