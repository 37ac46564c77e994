// Nets from elsewhere, whatever they end in.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { openDataset } from '../../src/data/create.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { formatLayersModel } from '../../src/exchange/layers-model.ts';
import { createRandom } from '../../src/random.ts';
import { evaluate, loadModelFile } from '../../src/train/evaluate.ts';
import { noTensorLeak } from '../support.ts';
import { classification, temporaryDirectory } from './support.ts';

const directory = temporaryDirectory();
before(() => useEngine('auto'));

/** The file of a linear net; `single` of one output, for the second class, which gives the same probabilities. */
async function fileOf(activation: 'linear' | 'softmax' | 'sigmoid', units: number): Promise<string> {
  const input = tf.input({ shape: [16, 16, 3] });
  const dense = tf.layers.dense({ units, activation });
  const output = dense.apply(tf.layers.flatten().apply(input)) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs: output });
  const column = createRandom(3).normals(768, 0, 0.2);
  const last = (i: number) => (i % units === units - 1 ? (column[Math.floor(i / units)] as number) : 0);
  tf.tidy(() => {
    const kernel = Float32Array.from({ length: 768 * units }, (_, i) => last(i));
    dense.setWeights([tf.tensor2d(kernel, [768, units]), tf.zeros([units])]);
  });
  const { model: json, weights } = await formatLayersModel(model);
  model.dispose();
  const path = join(directory, `${activation}-${units}.json`);
  writeFileSync(path, json);
  writeFileSync(join(directory, 'weights.bin'), weights);
  return path;
}

async function evaluated(activation: 'linear' | 'softmax' | 'sigmoid', units: number) {
  const dataset = await openDataset(classification.data.dataset);
  const model = await loadModelFile(await fileOf(activation, units), dataset);
  const { robustness } = classification;
  const found = await evaluate(model, classification, { split: 'test', dataset }, { robustness });
  model.dispose();
  return found;
}

test('one logit, a sigmoid and a softmax are evaluated as two logits are, and it is said', () =>
  noTensorLeak(async () => {
    const expected = await evaluated('linear', 2);
    assert.equal(expected.outputs, undefined);
    assert.ok((expected.robustness?.worst.area as number) < (expected.clean.accuracy as number));
    for (const [activation, units, outputs] of [
      ['linear', 1, undefined],
      ['sigmoid', 1, 'sigmoid'],
      ['softmax', 2, 'softmax'],
    ] as const) {
      const found = await evaluated(activation, units);
      assert.equal(found.outputs, outputs);
      assert.equal(found.clean.accuracy, expected.clean.accuracy, activation);
      const values = ({ robustness }: typeof found) => robustness?.worst.points.map(({ value }) => value);
      assert.deepEqual(values(found), values(expected), activation);
    }
  }));

test('single-step attacks say up to where they are not seen, iterative ones when asked', async () => {
  const { robustness } = await evaluated('linear', 2);
  assert.deepEqual(
    robustness?.curves.map(({ attack, unseen }) => [attack, unseen !== undefined]),
    [
      ['fgsm', true],
      ['pgd', false],
    ],
  );
});

test('other numbers of outputs are refused', async () => {
  const dataset = await openDataset(classification.data.dataset);
  await assert.rejects(loadModelFile(await fileOf('linear', 3), dataset), /gives 3 classes/);
});
