// What holds for every defence, because it is listed.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { runInTraining } from '../../src/engine/model/run.ts';
import { UsageError } from '../../src/errors.ts';
import { checkDefence, type DefenceChoice } from '../../src/train/defences/create.ts';
import { threatAt } from '../../src/train/defences/defence.ts';
import { trainStep } from '../../src/train/step.ts';
import { noTensorLeak } from '../support.ts';
import { batchOf, createWatched, defended, epsilon, type Pass, size } from './defended.ts';

before(() => useEngine('auto'));

const pixels = size * size;

/** How far the images of a pass are from `clean`, image by image; fails outside of the box. */
function distances({ images }: Pass, clean: Float32Array): number[] {
  assert.equal(images.length, clean.length);
  assert.ok(
    images.every((value) => value >= 0 && value <= 1),
    'left the box',
  );
  return Array.from({ length: images.length / pixels }, (_, image) => {
    const rows = [images, clean].map((all) => all.subarray(image * pixels, (image + 1) * pixels));
    return Math.max(...rows[0]!.map((value, i) => Math.abs(value - rows[1]![i]!)));
  });
}

for (const { what, choice, task, definition } of defended) {
  describe(what, () => {
    test('lowers its loss, and leaves no tensors', () =>
      noTensorLeak(async () => {
        using watched = createWatched(task, choice, { optimizer: { name: 'adam', learningRate: 0.01 } });
        using batch = batchOf(task);
        const losses: number[] = [];
        for (let step = 1; step <= 25; step++) losses.push(await trainStep(watched.learner, batch, step));
        const mean = (some: number[]) => some.reduce((a, b) => a + b) / some.length;
        assert.ok(
          losses.every((loss) => Number.isFinite(loss) && loss >= 0),
          `losses: ${losses}`,
        );
        assert.ok(mean(losses.slice(-5)) < 0.7 * mean(losses.slice(0, 5)), `losses: ${losses}`);
      }));

    test('trains on images of the ball and the box, as many as it says', async () => {
      const share = 0.4;
      using watched = createWatched(task, { ...choice, share } as DefenceChoice);
      using batch = batchOf(task);
      const clean = batch.images.dataSync<'float32'>().slice();
      for (let step = 1; step <= 3; step++) await trainStep(watched.learner, batch, step);
      const passes = watched.seen.filter(({ training }) => training);
      const moved = passes.map((pass) => distances(pass, clean));
      for (const each of moved) {
        // Float32 rounds what is added to a pixel.
        assert.ok(each.every((distance) => distance <= epsilon + 1e-6));
        assert.ok(
          each.slice(3).every((distance) => distance === 0),
          'an image that should stay clean moved',
        );
      }
      const attacked = moved.filter((each) => each.slice(0, 3).every((distance) => distance > epsilon / 2));
      assert.ok(attacked.length >= 2, 'the attack does nothing');
    });

    test('reads the moving statistics in attacks, and moves them by its own passes alone', async () => {
      using watched = createWatched(task, choice);
      using copy = createWatched(task);
      using batch = batchOf(task);
      await trainStep(watched.learner, batch, 1);
      const passes = watched.seen.filter(({ training }) => training);
      const passesOfStep = definition.attack && 'lowers' in definition ? 2 : 1;
      assert.equal(passes.length, passesOfStep);
      assert.equal(watched.seen.length > passes.length, definition.attack !== undefined);
      for (const { images } of passes) {
        tf.tidy(() => runInTraining(copy.learner.net.model, tf.tensor4d(images, [6, size, size, 1])));
      }
      const [found, expected] = [watched.weights(), copy.weights()];
      const statistics = Object.keys(found).filter((name) => name.includes('moving'));
      assert.equal(statistics.length, 2);
      for (const name of statistics) assert.deepEqual(found[name], expected[name]);
    });

    test('ends with the same weights for the same random numbers, with others for others', async () => {
      using batch = batchOf(task);
      const train = async (attackSeed: number) => {
        using watched = createWatched(task, choice, { attackSeed });
        for (let step = 1; step <= 3; step++) await trainStep(watched.learner, batch, step);
        return watched.weights();
      };
      const first = await train(1);
      assert.deepEqual(await train(1), first);
      // Free training draws none.
      if (definition.attack) assert.notDeepEqual(await train(2), first);
    });

    if (definition.attack && !('lowers' in definition)) {
      test('its step is one on the attacked images; within epsilon 0, one without a defence', async () => {
        using batch = batchOf(task);
        using watched = createWatched(task, choice);
        await trainStep(watched.learner, batch, 1);
        const { images } = watched.seen.findLast(({ training }) => training)!;
        using plain = createWatched(task);
        using attacked = { ...batch, images: tf.tensor4d(images, [6, size, size, 1]) };
        await trainStep(plain.learner, attacked, 1);
        assert.deepEqual(watched.weights(), plain.weights());
        using idle = createWatched(task, { ...choice, epsilon: 0 });
        using undefended = createWatched(task);
        using again = batchOf(task);
        await trainStep(idle.learner, again, 1);
        await trainStep(undefended.learner, again, 1);
        assert.deepEqual(idle.weights(), undefended.weights());
      });
    }
  });
}

test('epsilon rises by batches over the epochs of the warm-up, and stays', () => {
  const options = { norm: 'linf', epsilon: 0.1, warmUp: 2, share: 1 };
  const epsilons = [0.25, 1, 2, 2.25, Number.POSITIVE_INFINITY].map((at) => threatAt(options, at).epsilon);
  assert.deepEqual(epsilons, [0.0125, 0.05, 0.1, 0.1, 0.1]);
  assert.equal(threatAt({ ...options, warmUp: 0 }, 0.01).epsilon, 0.1);
});

const wrong: readonly [choice: object, message: RegExp][] = [
  [{ name: 'pdg' }, /no defence "pdg".*trades/],
  [{ name: 'pgd', stepz: 3 }, /pgd has no option "stepz".*steps/],
  [{ name: 'pgd', steps: 0 }, /"steps" of pgd/],
  [{ name: 'trades', epsilon: 8 }, /"epsilon" of trades: expected .*8\/255/],
  [{ name: 'mart', beta: -1 }, /"beta" of mart/],
  [{ name: 'fast', norm: 'l0' }, /"norm" of fast/],
  [{ name: 'free', replays: 1.5 }, /"replays" of free/],
  [{ name: 'free', awp: 0.1 }, /free has no option "awp"/],
  [{ name: 'pgd', share: 0 }, /"share" of pgd/],
  [{ name: 'pgd', awp: 1 }, /"awp" of pgd/],
  [{ name: 'pgd', warmUp: -1 }, /"warmUp" of pgd/],
  [{ name: 'segPgd' }, /segPgd is for segmentation, and this is classification/],
];

for (const [choice, message] of wrong) {
  test(`the defence ${JSON.stringify(choice)} is refused`, () => {
    assert.throws(
      () => checkDefence(choice as DefenceChoice, 'classification'),
      (error: Error) => error instanceof UsageError && message.test(error.message),
    );
  });
}
