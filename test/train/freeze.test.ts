import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { runInTraining } from '../../src/engine/model/run.ts';
import { UsageError } from '../../src/errors.ts';
import { createNet } from '../../src/nets/create.ts';
import { createRandom } from '../../src/random.ts';
import type { Callback } from '../../src/train/callback.ts';
import { evaluate, loadNet } from '../../src/train/evaluate.ts';
import type { Experiment } from '../../src/train/experiment.ts';
import { type Freeze, freeze } from '../../src/train/freeze.ts';
import { openSplits } from '../../src/train/splits.ts';
import { trainableWeights } from '../../src/train/step.ts';
import { resume, train } from '../../src/train/train.ts';
import { assertClose, noTensorLeak } from '../support.ts';
import { segmentation, temporaryDirectory } from './support.ts';

const directory = temporaryDirectory();
before(() => useEngine('auto'));

const shape = { task: 'segmentation', imageShape: [8, 8, 1], classes: 2 } as const;
const createUnet = () => createNet({ name: 'unet', depth: 1, filters: 2 }, shape, createRandom(1));

function valuesOf(model: tf.LayersModel): Map<string, number[]> {
  return new Map(
    model.weights.map((weight) => [weight.originalName, Array.from(weight.read().dataSync())] as const),
  );
}

/** The names of all weights that a run of `experiment` changes. */
async function movedBy(experiment: Experiment): Promise<string[]> {
  let start = new Map<string, number[]>();
  const listener: Callback = {
    name: 'listener',
    onRunStart({ net }) {
      start = valuesOf(net.model);
    },
  };
  const { net } = await train(experiment, { directory, callbacks: [listener] });
  const end = valuesOf(net.model);
  net.model.dispose();
  return [...start]
    .filter(([name, values]) => String(values) !== String(end.get(name)))
    .map(([name]) => name);
}

const isStatistic = (name: string) => name.includes('/moving_');

describe('freezing', () => {
  const brief = { ...segmentation, epochs: 1 };
  /** Names that should move, of all that do where nothing is frozen. */
  const cases: readonly { frozen: Freeze; moves: (name: string) => boolean }[] = [
    { frozen: {}, moves: () => true },
    { frozen: { weights: ['encoder*'] }, moves: (name) => !name.startsWith('encoder') || isStatistic(name) },
    {
      frozen: { statistics: ['encoder*'] },
      moves: (name) => !name.startsWith('encoder') || !isStatistic(name),
    },
    {
      frozen: { weights: ['encoder*'], statistics: ['encoder1.conv1*'] },
      moves: (name) => !name.startsWith('encoder') || name.startsWith('encoder1.conv2.norm/moving'),
    },
    {
      frozen: { weights: ['*', '!head'], statistics: ['*'] },
      moves: (name) => name.startsWith('head/'),
    },
    {
      frozen: { weights: ['*.norm', '!encoder*', 'encoder1.conv2.norm'] },
      moves: (name) =>
        isStatistic(name) || !name.includes('.norm/') || name.startsWith('encoder1.conv1.norm'),
    },
  ];
  let all: string[];
  before(async () => {
    all = await movedBy(brief);
  });
  for (const { frozen, moves } of cases) {
    test(`${JSON.stringify(frozen)} keeps these weights and no others`, async () => {
      const moved = await movedBy({ ...brief, freeze: frozen });
      assert.deepEqual(moved.sort(), all.filter(moves).sort());
    });
  }

  for (const engine of ['auto', 'cpu'] as const) {
    test(`frozen statistics make training compute what inference does, engine ${engine}`, async () => {
      await useEngine(engine);
      await noTensorLeak(() => {
        const net = createNet(
          { name: 'resnet', stem: 'small', filters: 2 },
          { task: 'classification', imageShape: [8, 8, 1], classes: 3 },
          createRandom(1),
        );
        const images = tf.tidy(() => tf.tensor4d(createRandom(2).uniforms(192, 0, 1), [3, 8, 8, 1]));
        // Away from mean 0 and variance 1.
        tf.dispose(runInTraining(net.model, images));
        freeze(net, { statistics: ['*'] });
        const before = valuesOf(net.model);
        const [trained, alone, inferred] = tf.tidy(() => {
          const all = runInTraining(net.model, images)[0]!;
          const first = runInTraining(net.model, images.slice(0, 1))[0]!;
          return [all, first, net.model.predict(images) as tf.Tensor].map((x) => x.dataSync());
        });
        assertClose(trained!, inferred!, { relative: 1e-4, absolute: 1e-5 });
        // No image sees the others.
        assertClose(alone!, inferred!.slice(0, 3), { relative: 1e-4, absolute: 1e-5 });
        assert.deepEqual(valuesOf(net.model), before);
        tf.tidy(() => {
          const weights = trainableWeights(net);
          const { grads } = tf.variableGrads(
            () => runInTraining(net.model, images)[0]!.square().sum() as tf.Scalar,
            weights,
          );
          for (const [name, gradient] of Object.entries(grads)) {
            assert.ok(
              gradient.dataSync().some((value) => value !== 0),
              `${name} is not trained`,
            );
          }
        });
        tf.dispose(images);
        net.model.dispose();
      });
      await useEngine('auto');
    });
  }

  test('a frozen run resumes to the byte, and its checkpoint is that of an unfrozen net', async () => {
    const frozen = { ...segmentation, freeze: { weights: ['encoder1.*'], statistics: ['*', '!decoder*'] } };
    const whole = await train(frozen, { directory });
    const interrupt: Callback = {
      name: 'interrupt',
      onBatchEnd: (run, { step }) => void (step === 6 && run.stop('interrupted')),
    };
    const part = await train(frozen, { directory, callbacks: [interrupt] });
    const resumed = await resume(part.path);
    for (const file of ['metrics.jsonl', 'epoch-0003/weights.bin', 'epoch-0003/optimizer.bin']) {
      const [a, b] = [whole, part].map(({ path }) => readFileSync(join(path, file)));
      assert.deepEqual(a, b, file);
    }
    const { validation } = await openSplits(whole.experiment, createRandom(whole.experiment.seed));
    const loaded = await loadNet(whole.path, whole.experiment, 3, validation);
    assert.deepEqual(Object.fromEntries(valuesOf(loaded)), Object.fromEntries(valuesOf(whole.net.model)));
    const { clean } = await evaluate(loaded, whole.experiment, { split: 'validation', dataset: validation });
    assert.equal(clean.dice, whole.records[2]?.measurements['validation/dice']);
    for (const { model } of [whole.net, part.net, resumed.net]) model.dispose();
    loaded.dispose();
  });

  const refused: readonly [Freeze, RegExp][] = [
    [
      { weights: ['encoder9*'] },
      /freeze\.weights: no layer with weights is named "encoder9\*".*encoder1.*head/,
    ],
    [{ weights: ['encoder1*', '!encoder7'] }, /named "encoder7"/],
    [{ weights: ['*'] }, /leave something to train.*after "!"/],
    [{ statistics: ['head'] }, /freeze\.statistics: no batch normalisation is named "head"/],
    // A dot is a dot.
    [{ weights: ['encoder1?conv1'] }, /named "encoder1\?conv1"/],
  ];
  for (const [frozen, message] of refused) {
    test(`${JSON.stringify(frozen)} is refused`, async () => {
      await noTensorLeak(() => {
        const net = createUnet();
        assert.throws(
          () => freeze(net, frozen),
          (error: Error) => error instanceof UsageError && message.test(error.message),
        );
        net.model.dispose();
      });
    });
  }

  test('an experiment that freezes what there is not is refused before anything is created', async () => {
    const empty = join(directory, 'empty');
    await noTensorLeak(async () => {
      await assert.rejects(
        train({ ...segmentation, freeze: { weights: ['fc'] } }, { directory: empty }),
        UsageError,
      );
    });
    const wrong = { ...segmentation, freeze: { weights: 'fc' } } as unknown as Experiment;
    await assert.rejects(
      train(wrong, { directory: empty }),
      /freeze\.weights: expected a list of layer names/,
    );
    assert.ok(!existsSync(empty));
  });
});
