import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { exportWeights } from '../../src/exchange/export-weights.ts';
import { createNet } from '../../src/nets/create.ts';
import { createRandom } from '../../src/random.ts';
import type { Callback } from '../../src/train/callback.ts';
import { resume, train } from '../../src/train/train.ts';
import { segmentation, temporaryDirectory } from './support.ts';

const directory = temporaryDirectory();
const file = join(directory, 'start.safetensors');
before(() => useEngine('auto'));

/** Weights of a net with other classes than the data. */
function writeStart(): Map<string, number[]> {
  const shape = { task: 'segmentation', imageShape: [16, 16, 3], classes: 2 } as const;
  const { model } = createNet(segmentation.net as never, shape, createRandom(77));
  writeFileSync(file, exportWeights(model));
  const values = valuesOf(model);
  model.dispose();
  return values;
}

function valuesOf(model: tf.LayersModel): Map<string, number[]> {
  return new Map(
    model.weights.map((weight) => [weight.originalName, Array.from(weight.read().dataSync())] as const),
  );
}

/** Keeps the weights with which a run begins. */
function listener(seen: Map<string, number[]>[]): Callback {
  return { name: 'listener', onRunStart: ({ net }) => void seen.push(valuesOf(net.model)) };
}

test('a run begins with the weights of a file, and needs it no more once it has a checkpoint', async () => {
  const expected = writeStart();
  const seen: Map<string, number[]>[] = [];
  const experiment = { ...segmentation, weights: file, epochs: 1 };
  const { net, path } = await train(experiment, { directory, callbacks: [listener(seen)] });
  assert.deepEqual(seen[0], expected);
  const log = readFileSync(join(path, 'log.jsonl'), 'utf8').split('\n');
  const entry = log.filter((line) => line.includes('"msg":"weights"')).map((line) => JSON.parse(line));
  assert.equal(entry[0].weights.loaded, expected.size);
  rmSync(file);
  const again = await resume(path);
  assert.deepEqual(valuesOf(again.net.model), valuesOf(net.model));
  for (const { model } of [net, again.net]) model.dispose();
});

test('a file that is absent stops a run before it begins', async () => {
  const before = tf.memory().numTensors;
  const experiment = { ...segmentation, name: 'never', weights: join(directory, 'absent.safetensors') };
  await assert.rejects(train(experiment, { directory }), { name: 'UsageError', message: /There is no file/ });
  assert.equal(tf.memory().numTensors, before);
  const empty = { ...segmentation, weights: '' };
  await assert.rejects(train(empty, { directory }), { message: /weights: expected a file/ });
});
