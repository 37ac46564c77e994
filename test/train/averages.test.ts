import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { createRandom } from '../../src/random.ts';
import type { Callback } from '../../src/train/callback.ts';
import { loadCheckpoint } from '../../src/train/checkpoints.ts';
import { evaluate, loadNet } from '../../src/train/evaluate.ts';
import type { Experiment } from '../../src/train/experiment.ts';
import { openSplits } from '../../src/train/splits.ts';
import { resume, type Trained, train } from '../../src/train/train.ts';
import { assertClose, noTensorLeak } from '../support.ts';
import { segmentation, temporaryDirectory } from './support.ts';

const directory = temporaryDirectory();
before(() => useEngine('auto'));

const decay = 0.6;
const averaging = {
  ...segmentation,
  epochs: 2,
  optimizer: { name: 'adam', learningRate: 0.02, averageDecay: decay },
  robustness: {
    attacks: [{ name: 'fgsm' }],
    norm: 'linf',
    epsilons: [0, 4 / 255],
    everyEpochs: 1,
    images: 4,
  },
} satisfies Experiment;

type Values = Map<string, number[]>;

function valuesOf(model: tf.LayersModel): Values {
  return new Map(
    model.weights.map((weight) => [weight.originalName, Array.from(weight.read().dataSync())] as const),
  );
}

function assertSame(actual: Values, expected: Values): void {
  for (const [name, values] of expected) assertClose(actual.get(name)!, values, { what: name });
}

/** Follows the training by hand, moving statistics too. */
function averagesByHand() {
  let averages: Values = new Map();
  const measured: Values[] = [];
  const byHand: Values[] = [];
  const listener: Callback = {
    name: 'listener',
    onRunStart({ net }) {
      averages = valuesOf(net.model);
    },
    onBatchEnd({ net }, { step }) {
      const kept = Math.min(decay, (1 + step) / (10 + step));
      for (const [name, values] of valuesOf(net.model)) {
        const before = averages.get(name)!;
        averages.set(
          name,
          before.map((value, i) => kept * value + (1 - kept) * values[i]!),
        );
      }
    },
    onMeasure({ net }) {
      byHand.push(new Map(averages));
      measured.push(valuesOf(net.model));
      return {};
    },
  };
  return { listener, measured, byHand };
}

test('what is measured, attacked, saved and returned are the averages, moving statistics too', async () => {
  await noTensorLeak(async () => {
    const { listener, measured, byHand } = averagesByHand();
    const { net, path, experiment, records } = await train(averaging, { directory, callbacks: [listener] });
    assert.equal(measured.length, 2);
    for (const [i, values] of measured.entries()) assertSame(values, byHand[i]!);
    assert.deepEqual(valuesOf(net.model), measured[1]);

    const { weights } = await loadCheckpoint(join(path, 'epoch-0002'));
    assert.deepEqual(new Map([...weights].map(([name, values]) => [name, Array.from(values)])), measured[1]);

    const { validation } = await openSplits(experiment, createRandom(experiment.seed));
    const loaded = await loadNet(path, experiment, 2, validation);
    const { clean } = await evaluate(loaded, experiment, { split: 'validation', dataset: validation });
    const { measurements } = records[1]!;
    assert.equal(clean.dice, measurements['validation/dice']);
    assert.equal(clean.loss, measurements['validation/loss']);
    loaded.dispose();
    net.model.dispose();
  });
});

test('training itself goes as without averages, and its measurements do not', async () => {
  const lossesOf = async (experiment: Experiment) => {
    const { net, records } = await train(experiment, { directory });
    net.model.dispose();
    return ['train/loss', 'validation/loss'].map((name) =>
      records.map(({ measurements }) => measurements[name]),
    );
  };
  const plain = { ...averaging, optimizer: { ...averaging.optimizer, averageDecay: 0 } };
  const [withAverages, without] = [await lossesOf(averaging), await lossesOf(plain)];
  assert.deepEqual(withAverages[0], without[0]);
  assert.notDeepEqual(withAverages[1], without[1]);
});

let whole: Promise<Trained> | undefined;
function uninterrupted(): Promise<Trained> {
  whole ??= train(averaging, { directory });
  return whole;
}

for (const step of [1, 4, 6]) {
  test(`a run interrupted after step ${step} ends as if it had not been`, async () => {
    const interrupt: Callback = {
      name: 'interrupt',
      onBatchEnd: (run, at) => void (at.step === step && run.stop('interrupted')),
    };
    const whole = await uninterrupted();
    const part = await train(averaging, { directory, callbacks: [interrupt] });
    assert.equal(part.stopped, 'interrupted');
    const resumed = await resume(part.path);
    for (const file of ['metrics.jsonl', 'epoch-0002/weights.bin', 'epoch-0002/optimizer.bin']) {
      const [a, b] = [whole, part].map(({ path }) => readFileSync(join(path, file)));
      assert.deepEqual(a, b, file);
    }
    assert.deepEqual(valuesOf(resumed.net.model), valuesOf(whole.net.model));
    for (const { model } of [part.net, resumed.net]) model.dispose();
  });
}

test('a complete run is resumed to its averages', async () => {
  const whole = await uninterrupted();
  const again = await resume(whole.path);
  assert.deepEqual(valuesOf(again.net.model), valuesOf(whole.net.model));
  again.net.model.dispose();
});
