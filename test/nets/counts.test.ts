// Numbers of weights, of multiply-adds, and shapes at published sizes, against Keras, PyTorch and the original
// repositories. Nets are built, not run, and from zeros: drawing the weights of all would take most of the time.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { describeChoice, type NetDescription } from '../../src/nets/describe.ts';
import { loadGolden } from '../golden/load.ts';
import type { Configuration, Family, Row } from './configurations/row.ts';

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

function checkStages(row: Row, { stageOf }: Configuration, { layers, stages }: NetDescription): void {
  const named = new Map([...layers, ...stages].map(({ name, shape }) => [name, shape]));
  const all = new Set(layers.map(({ shape }) => String(shape)));
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
    test(title, () => {
      assert.ok(configuration, 'no file of configurations/ answers for it');
      const description = describeChoice(configuration.choice, row.inputShape, row.classes);
      const { parameters, multiplyAdds, outputs } = description;
      assert.deepEqual(parameters, { total: row.params_total, trainable: row.params_trainable });
      assert.equal(multiplyAdds, row.macs);
      assert.deepEqual(outputs, Array.isArray(row.output_shape[0]) ? row.output_shape : [row.output_shape]);
      checkStages(row, configuration, description);
    });
  }

  test('nothing is left of them', () => assert.equal(tf.memory().numTensors, 0));
});
