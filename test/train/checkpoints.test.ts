import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { RunError } from '../../src/errors.ts';
import { createNet } from '../../src/nets/create.ts';
import { createRandom } from '../../src/random.ts';
import {
  checkpointedEpochs,
  checkpointName,
  keepCheckpoints,
  loadCheckpoint,
  newestCheckpoint,
  restoreSlots,
  restoreWeights,
  saveCheckpoint,
} from '../../src/train/checkpoints.ts';
import { createOptimizer, type Optimizer } from '../../src/train/optimizers.ts';
import { trainableWeights } from '../../src/train/step.ts';
import { noTensorLeak } from '../support.ts';
import { temporaryDirectory } from './support.ts';

const root = temporaryDirectory();
before(() => useEngine('auto'));

function createState(seed: number) {
  const shape = { task: 'segmentation', imageShape: [8, 8, 1], classes: 2 } as const;
  const net = createNet({ name: 'unet', depth: 1, filters: 2 }, shape, createRandom(seed));
  const optimizer = createOptimizer({ name: 'adam' }, trainableWeights(net));
  return { net, optimizer };
}

const positionOf = (epoch: number, batch = 0) => ({
  epoch,
  batch,
  step: epoch * 10 + batch,
  lossSum: 0.1,
  images: 3,
});

function valuesOf({ net, optimizer }: ReturnType<typeof createState>): number[][] {
  const variables = [
    ...net.model.weights.map((weight) => weight.read()),
    ...optimizer.slots.map((s) => s.variable),
  ];
  return variables.map((variable) => Array.from(variable.dataSync()));
}

function dispose({ net, optimizer }: { net: { model: tf.LayersModel }; optimizer: Optimizer }): void {
  optimizer[Symbol.dispose]();
  net.model.dispose();
}

test('weights, optimizer and position come back bit for bit, and nothing leaks', async () => {
  await noTensorLeak(async () => {
    const saved = createState(1);
    tf.tidy(() => {
      const gradients = saved.optimizer.slots
        .filter(({ name }) => name === 'mean')
        .map((s) => tf.onesLike(s.variable));
      saved.optimizer.step(gradients, 1);
    });
    await saveCheckpoint(root, 'round-trip', { ...saved, position: positionOf(2, 3) });
    const restored = createState(2);
    assert.notDeepEqual(valuesOf(restored), valuesOf(saved));
    const checkpoint = await loadCheckpoint(join(root, 'round-trip'));
    restoreWeights(restored.net.model, checkpoint);
    restoreSlots(restored.optimizer.slots, checkpoint);
    assert.deepEqual(valuesOf(restored), valuesOf(saved));
    assert.deepEqual(checkpoint.position, positionOf(2, 3));
    dispose(saved);
    dispose(restored);
  });
});

test('plain tfjs loads model.json and computes the same', async () => {
  const state = createState(1);
  await saveCheckpoint(root, 'plain', { ...state, position: positionOf(1) });
  const json = JSON.parse(readFileSync(join(root, 'plain/model.json'), 'utf8'));
  const loaded = await tf.loadLayersModel({
    load: async () => ({
      modelTopology: json.modelTopology,
      weightSpecs: json.weightsManifest[0].weights,
      weightData: new Uint8Array(readFileSync(join(root, 'plain', json.weightsManifest[0].paths[0]))).buffer,
    }),
  });
  const images = tf.tensor4d(createRandom(5).uniforms(2 * 64, 0, 1), [2, 8, 8, 1]);
  const [ours, theirs] = [state.net.model, loaded].map((model) =>
    (model.predict(images) as tf.Tensor).dataSync(),
  );
  assert.deepEqual(theirs, ours);
  dispose(state);
  loaded.dispose();
  images.dispose();
});

test('a damaged checkpoint is noticed, whatever the damage, and the one before is used', async () => {
  const run = join(root, 'damage');
  const state = createState(1);
  const damages: [string, (file: string) => void][] = [
    ['weights.bin', (file) => truncateSync(file, 10)],
    ['optimizer.bin', (file) => flipByte(file, 0)],
    ['weights.bin', (file) => flipByte(file, 40)],
    ['model.json', unlinkSync],
    ['state.json', (file) => truncateSync(file, 20)],
  ];
  mkdirSync(run);
  for (const [file, damage] of damages) {
    await saveCheckpoint(run, 'epoch-0001', { ...state, position: positionOf(2) });
    await saveCheckpoint(run, 'epoch-0002', { ...state, position: positionOf(3) });
    damage(join(run, 'epoch-0002', file));
    await assert.rejects(loadCheckpoint(join(run, 'epoch-0002')), RunError);
    const messages: string[] = [];
    const used = await newestCheckpoint(run, (message) => messages.push(message));
    assert.equal(used?.position.epoch, 2);
    assert.equal(messages.length, 1);
    assert.match(messages[0] ?? '', /epoch-0002 cannot be used/);
  }
  dispose(state);
});

test('the newest is where the run got furthest, within an epoch or after it', async () => {
  const run = join(root, 'newest');
  const state = createState(1);
  mkdirSync(run);
  assert.equal(await newestCheckpoint(run, assert.fail), undefined);
  await saveCheckpoint(run, 'interrupted', { ...state, position: positionOf(1, 5) });
  assert.equal((await newestCheckpoint(run, assert.fail))?.position.batch, 5);
  await saveCheckpoint(run, checkpointName(1), { ...state, position: positionOf(2) });
  assert.equal((await newestCheckpoint(run, assert.fail))?.position.batch, 0);
  dispose(state);
});

test('a checkpoint of another net is refused', async () => {
  const state = createState(1);
  await saveCheckpoint(root, 'other', { ...state, position: positionOf(1) });
  const other = tf.sequential({
    layers: [tf.layers.dense({ units: 1, inputShape: [2], kernelInitializer: 'ones' })],
  });
  const checkpoint = await loadCheckpoint(join(root, 'other'));
  assert.throws(() => restoreWeights(other, checkpoint), RunError);
  dispose(state);
  other.dispose();
});

test('all checkpoints but those to keep are removed; other files stay', async () => {
  const run = join(root, 'keep');
  for (const name of ['epoch-0001', 'epoch-0002', 'epoch-12345', 'curves'])
    mkdirSync(join(run, name), { recursive: true });
  writeFileSync(join(run, 'epoch-0002', 'state.json'), '');
  await keepCheckpoints(run, new Set([1, 12345]));
  assert.deepEqual(await checkpointedEpochs(run), [1, 12345]);
});

function flipByte(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(file, bytes);
}
