// Several batches a step.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { batches } from '../../src/data/batches.ts';
import { openDataset } from '../../src/data/create.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createNet } from '../../src/nets/create.ts';
import { createRandom } from '../../src/random.ts';
import type { Callback } from '../../src/train/callback.ts';
import { checkExperiment } from '../../src/train/check-experiment.ts';
import type { Experiment } from '../../src/train/experiment.ts';
import { gradientSum } from '../../src/train/gradient-sum.ts';
import { createOptimizer } from '../../src/train/optimizers.ts';
import { trainableWeights, trainStep } from '../../src/train/step.ts';
import { stepPart } from '../../src/train/step-part.ts';
import { resume, type Trained, type TrainOptions, train } from '../../src/train/train.ts';
import { assertClose, noTensorLeak } from '../support.ts';
import { segmentation, temporaryDirectory } from './support.ts';

const directory = temporaryDirectory();
before(() => useEngine('auto'));

/** The weights after two steps on eleven images each, in batches of so many; and the mean loss of each step. */
async function twoSteps(size: number) {
  const data = await openDataset({
    name: 'skinLesions',
    count: 22,
    size: 16,
    difficulty: 0,
    task: 'segmentation',
  });
  const shape = { task: data.task, imageShape: data.imageShape, classes: data.classes.length };
  const net = createNet({ name: 'unet', depth: 1, filters: 2, norm: 'none' }, shape, createRandom(1));
  using optimizer = createOptimizer({ name: 'sgd', learningRate: 0.1, clipNorm: 0.5 }, trainableWeights(net));
  using sum = gradientSum();
  const learner = { net, optimizer, loss: lossOf('diceCrossEntropy'), sum };
  const losses: number[] = [];
  for (const step of [1, 2]) {
    const order = Array.from({ length: 11 }, (_, i) => 11 * (step - 1) + i);
    let [done, loss] = [0, 0];
    for await (using batch of batches(data, { size, order })) {
      done += batch.ids.length;
      loss += (await trainStep(learner, batch, step, { isLast: done === order.length })) * batch.ids.length;
    }
    losses.push(loss / done);
  }
  const weights = net.model.getWeights().flatMap((weight) => Array.from(weight.dataSync()));
  net.model.dispose();
  return { weights, losses };
}

test('without batch normalisation a step of several batches, of unequal sizes, is that of all their images', async () => {
  await noTensorLeak(async () => {
    const whole = await twoSteps(11);
    for (const size of [4, 1]) {
      const parts = await twoSteps(size);
      assertClose(parts.losses, whole.losses, { relative: 1e-5 });
      assertClose(parts.weights, whole.weights, { relative: 1e-4, absolute: 1e-6 });
    }
  });
});

test('the last step of an epoch takes the batches that are left', () => {
  const of = (batch: number) => stepPart(batch, { batches: 7, accumulate: 3 });
  assert.deepEqual(of(0), { index: 0, steps: 3, part: 0, isLast: false });
  assert.deepEqual(of(5), { index: 1, steps: 3, part: 2, isLast: true });
  assert.deepEqual(of(6), { index: 2, steps: 3, part: 0, isLast: true });
  assert.deepEqual(stepPart(4, { batches: 7 }), { index: 4, steps: 7, part: 0, isLast: true });
});

/** Twelve images to train on, three a batch, so that an epoch has four batches. */
const summed = {
  ...segmentation,
  accumulate: 3,
  optimizer: { name: 'adam', learningRate: 0.02, averageDecay: 0.9 },
  schedule: { name: 'cosine', warmUp: 1 },
  epochs: 2,
} satisfies Experiment;

async function outcomeOf(made: Promise<Trained>) {
  const { net, path, records } = await made;
  net.model.dispose();
  const files = ['metrics.jsonl', 'epoch-0002/weights.bin', 'epoch-0002/optimizer.bin'];
  return { records, files: files.map((name) => readFileSync(join(path, name), 'base64')) };
}

const run = (experiment: Experiment, options: TrainOptions = {}) =>
  train(experiment, { directory, ...options });

test('a run counts its steps, and goes on where it was interrupted: after a whole step', async () => {
  const { records, files } = await outcomeOf(run(summed));
  assert.deepEqual(
    records.map(({ step }) => step),
    [2, 4],
  );
  const places: number[] = [];
  const interrupt: Callback = {
    name: 'interrupt',
    onBatchEnd({ stop }, { epoch, batch }) {
      places.push(batch);
      if (epoch === 2 && batch === 1) stop('interrupted');
    },
  };
  const stopped = await run(summed, { callbacks: [interrupt] });
  stopped.net.model.dispose();
  assert.equal(stopped.stopped, 'interrupted');
  assert.deepEqual(places, [0, 1, 2, 3, 0, 1, 2], 'the step under way was ended');
  assert.deepEqual((await outcomeOf(resume(stopped.path))).files, files);
});

test('the number of batches is checked, and refused beside steps that follow each other', () => {
  const withAccumulate = (accumulate: number, more = {}) =>
    checkExperiment({ ...segmentation, accumulate, ...more } as Experiment);
  assert.equal(withAccumulate(4).accumulate, 4);
  assert.throws(() => withAccumulate(0), /accumulate: expected a whole number of batches/);
  const free = { defence: { name: 'free', epsilon: 4 / 255 } };
  assert.throws(() => withAccumulate(2, free), /accumulate: expected 1 beside the defence free/);
  assert.equal(withAccumulate(1, free).accumulate, 1);
});
