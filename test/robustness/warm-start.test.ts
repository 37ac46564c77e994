// Where attacks begin in a curve, and that they stop working on what is finished.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Attack, Target } from '../../src/attacks/attack.ts';
import { craft } from '../../src/attacks/craft.ts';
import { type AttackChoice, createAttack } from '../../src/attacks/create.ts';
import { gradientLog } from '../../src/attacks/watch.ts';
import type { Batch } from '../../src/data/dataset.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { robustnessCurves } from '../../src/robustness/curve.ts';
import { accuracy } from '../../src/robustness/metrics/accuracy.ts';
import { quickAttacks } from '../attacks/quick.ts';
import { assertClose, noTensorLeak } from '../support.ts';

before(() => useEngine('auto'));

const margin = lossOf('margin');
const score = accuracy.perImage as NonNullable<typeof accuracy.perImage>;
const pixels = (...values: number[]) => tf.tensor4d(values, [values.length, 1, 1, 1]);

/** Images of one pixel, right (label 0) up to 0.6; `seen` are those that passed the net. */
function target(images: number, seen: number[][] = []): Target {
  return {
    labels: tf.zeros([images], 'int32'),
    loss: margin,
    score,
    logits(moved) {
      seen.push(Array.from(moved.dataSync()));
      const values = moved.reshape([-1]);
      return tf.stack([tf.zerosLike(values), values.sub(0.6)], 1);
    },
  };
}

test('a curve gives each epsilon the images of the one before, and at the last begins afresh with what was fooled', async () => {
  const starts: { images: number[]; start: number[] | undefined }[] = [];
  /** Goes half of the way, then the whole. */
  const attack: Attack = {
    name: 'half',
    options: {},
    perturb(images, { start, ball }) {
      const values = (tensor: tf.Tensor) =>
        Array.from(tensor.dataSync(), (value) => Number(value.toFixed(4)));
      starts.push({ images: values(images), start: start && values(start) });
      return images.add(start ? ball.epsilon : ball.epsilon / 2);
    },
  };
  async function* data(): AsyncGenerator<Batch> {
    const [images, labels] = [pixels(0.9, 0.54, 0.39, 0.1), tf.zeros([4], 'int32')];
    yield { ids: [], images, labels, [Symbol.dispose]: () => tf.dispose([images, labels]) };
  }
  const { logits } = target(1);
  const { curves } = await noTensorLeak(() =>
    robustnessCurves(data(), {
      net: { logits },
      attacks: [attack],
      norm: 'linf',
      epsilons: [0.1, 0.2, 0.25, 0.3],
      metric: { name: 'accuracy', metric: accuracy },
      loss: margin,
      random: createRandom(1),
    }),
  );
  assert.deepEqual(starts, [
    { images: [0.54, 0.39, 0.1], start: undefined },
    { images: [0.54, 0.39, 0.1], start: [0.59, 0.44, 0.15] },
    { images: [0.39, 0.1], start: [0.59, 0.3] },
    { images: [0.1], start: [0.35] },
    { images: [0.54, 0.39], start: undefined },
  ]);
  assert.deepEqual(curves[0]?.raw, [0.75, 0.75, 0.5, 0.25, 0.5]);
  assert.deepEqual(
    curves[0]?.points.map(({ value }) => value),
    [0.75, 0.75, 0.5, 0.25, 0.25],
  );
  assert.equal(curves[0]?.median, 0.2, 'the first epsilon that fools two of four');
});

test('attacks with a random start begin where they are told, others at the clean image, and restarts at random', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const first = (choice: AttackChoice) => {
        const seen: number[][] = [];
        const under = target(2, seen);
        const threat = { norm: 'linf', epsilon: 0.1 } as const;
        const start = pixels(0.25, 0.31);
        craft(createAttack(choice), pixels(0.2, 0.3), under, threat, createRandom(1), gradientLog(), start);
        return seen;
      };
      for (const choice of [{ name: 'pgd' }, { name: 'apgd' }] as const) {
        assertClose(first(choice)[0] as number[], [0.25, 0.31], { what: choice.name });
      }
      for (const choice of [
        { name: 'bim' },
        { name: 'miFgsm' },
        { name: 'pgd', randomStart: false },
      ] as const) {
        assertClose(first(choice)[0] as number[], [0.2, 0.3], { what: choice.name });
      }
      const again = first({ name: 'pgd', steps: 2, restarts: 2 });
      assert.equal(again.length, 6);
      assert.notDeepEqual(again[3], again[0]);
    }),
  ));

test('iterative attacks stop working on an image once it is fooled, so that it costs a few passes at most', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const threat = { norm: 'linf', epsilon: 0.2 } as const;
      const forwards = (attack: Attack, ...values: number[]) => {
        const log = gradientLog();
        craft(attack, pixels(...values), target(values.length), threat, createRandom(1), log);
        return log.forwards;
      };
      const tested: string[] = [];
      for (const attack of quickAttacks('linf', 'classification')) {
        // One perturbation for a whole batch needs all of it; minimal attacks go on to be nearer.
        if (attack.direction || attack.minimise || attack.name === 'universal') continue;
        const [alone, together] = [forwards(attack, 0.1), forwards(attack, 0.55, 0.1)];
        const more = together - alone;
        assert.ok(more > 0 && more <= Math.max(4, alone / 2), `${attack.name}: ${alone}, ${together}`);
        tested.push(attack.name);
      }
      assert.ok(
        ['apgd', 'autoAttack', 'bim', 'miFgsm', 'pgd', 'square'].every((name) => tested.includes(name)),
      );
    }),
  ));
