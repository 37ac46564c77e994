import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Target } from '../../src/attacks/attack.ts';
import { craft } from '../../src/attacks/craft.ts';
import { createAttack } from '../../src/attacks/create.ts';
import { gradientLog } from '../../src/attacks/watch.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { UsageError } from '../../src/errors.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { accuracy } from '../../src/robustness/metrics/accuracy.ts';
import { noTensorLeak } from '../support.ts';

const margin = lossOf('margin');

before(() => useEngine('auto'));

const score = accuracy.perImage as NonNullable<typeof accuracy.perImage>;

/** One pixel an image, one logit against 0: `response` of the pixel; label 0 is right while it is negative. */
function onePixel(
  response: (pixels: tf.Tensor1D) => tf.Tensor1D,
  labels: tf.Tensor,
): Target & { seen: number[][] } {
  const seen: number[][] = [];
  return {
    labels,
    seen,
    loss: margin,
    score,
    logits(images) {
      const pixels = images.reshape([-1]) as tf.Tensor1D;
      seen.push(Array.from(pixels.dataSync()));
      return tf.stack([tf.zerosLike(pixels), response(pixels)], 1);
    },
  };
}

const pixels = (...values: number[]) => tf.tensor4d(values, [values.length, 1, 1, 1]);

test('success on the way is kept: the last iterate overshoots, the returned image still fools', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      // A narrow bump at 0.55, on a slope that leads beyond it.
      const target = onePixel(
        (p) => p.sub(1).add(p.sub(0.55).abs().mul(-40).add(1).relu().mul(2)) as tf.Tensor1D,
        tf.zeros([1], 'int32'),
      );
      const attack = createAttack({ name: 'pgd', steps: 8, stepSize: 0.125, randomStart: false });
      const moved = craft(attack, pixels(0.5), target, { norm: 'linf', epsilon: 0.4 }, createRandom(1));
      assert.equal(score(target.logits(moved), target.labels)[0], 0);
      const { score: _, ...byLoss } = target;
      const highest = craft(attack, pixels(0.5), byLoss, { norm: 'linf', epsilon: 0.4 }, createRandom(1));
      assert.ok(
        Math.abs((highest.dataSync()[0] as number) - 0.55) < 1e-6,
        'without a score, the highest loss',
      );
    }),
  ));

test('finished images take no further steps, and restarts take only the others', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      // Fooled above 0.6: the first image already, the second after two steps, the third never.
      const target = onePixel((p) => p.sub(0.6) as tf.Tensor1D, tf.zeros([3], 'int32'));
      const log = gradientLog();
      const threat = { norm: 'linf', epsilon: 0.2 } as const;
      const attack = createAttack({ name: 'pgd', steps: 4, stepSize: 0.4, randomStart: false });
      const moved = craft(attack, pixels(0.7, 0.45, 0.1), target, threat, createRandom(1), log);
      assert.deepEqual(
        target.seen.map((batch) => batch.length),
        [3, 2, 2, 1, 1],
      );
      assert.deepEqual([log.gradients, log.forwards], [8, 9]);
      for (const [i, value] of [0.7, 0.61, 0.3].entries()) {
        assert.ok(Math.abs((moved.dataSync()[i] as number) - value) < 1e-6);
      }
      const again = onePixel((p) => p.sub(0.6) as tf.Tensor1D, tf.zeros([3], 'int32'));
      const restarts = createAttack({ name: 'pgd', steps: 4, stepSize: 0.5, restarts: 3 });
      craft(restarts, pixels(0.9, 0.55, 0.1), again, threat, createRandom(1));
      // Only the third image is left after the first start: 2 × (4 steps + the last look).
      assert.deepEqual(
        again.seen.slice(-10).map((batch) => batch.length),
        new Array(10).fill(1),
      );
    }),
  ));

test('random starts differ from restart to restart, and are the same for the same random', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const attack = createAttack({ name: 'pgd', steps: 1, stepSize: 0.1, restarts: 3 });
      const starts = () => {
        const target = onePixel((p) => p.mul(0.01).sub(1) as tf.Tensor1D, tf.zeros([1], 'int32'));
        craft(attack, pixels(0.5), target, { norm: 'linf', epsilon: 0.2 }, createRandom(7));
        return target.seen.filter((_, i) => i % 2 === 0).map(([start]) => start);
      };
      assert.equal(new Set(starts()).size, 3);
      assert.deepEqual(starts(), starts());
    }),
  ));

test('options out of range are refused when the attack is made', () => {
  for (const wrong of [
    { steps: 0 },
    { steps: 1.5 },
    { stepSize: 0 },
    { restarts: 0 },
    { restarts: 2, randomStart: false },
  ]) {
    assert.throws(() => createAttack({ name: 'pgd', ...wrong }), UsageError);
  }
  assert.throws(() => createAttack({ name: 'pgd', stepz: 3 } as never), /pgd has no option "stepz"/);
  assert.throws(() => createAttack({ name: 'fsgm' } as never), /There is no attack "fsgm"/);
});
