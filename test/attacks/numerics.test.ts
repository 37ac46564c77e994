// Numbers at their ends: gradients of 0, pixels at 0 and 1, images that are wrong from the start. Beside these,
// test/engine/ops/cross-entropy.test.ts has margins beyond 17, test/attacks/craft.test.ts gradients that are NaN, and
// test/robustness/target.test.ts nets in inference mode.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Target } from '../../src/attacks/attack.ts';
import { craft } from '../../src/attacks/craft.ts';
import { createAttack } from '../../src/attacks/create.ts';
import { gradientLog } from '../../src/attacks/watch.ts';
import type { Batch } from '../../src/data/dataset.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { robustnessCurves } from '../../src/robustness/curve.ts';
import { accuracy } from '../../src/robustness/metrics/accuracy.ts';
import { engines } from '../engine/engines.ts';
import { noTensorLeak } from '../support.ts';
import { quickAttacks } from './quick.ts';

const loss = lossOf('crossEntropy');
const score = accuracy.perImage as NonNullable<typeof accuracy.perImage>;

/** Tells images apart by the left half of their pixels: the right half has the gradient 0. */
function logits(images: tf.Tensor4D): tf.Tensor {
  const sum = images.slice([0, 0, 0, 0], [-1, -1, 2, -1]).mean([1, 2, 3]).sub(0.5).mul(8);
  return tf.stack([sum.neg(), sum], 1);
}

const leftHalf = (labels: tf.Tensor): Target => ({ labels, loss, score, logits });

const grey = () => tf.fill([2, 4, 4, 1], 0.4) as tf.Tensor4D;

for (const engine of engines) {
  test(`sign(0) is 0 on ${engine.name}: pixels without a gradient stay where they are`, async () => {
    await engine.use();
    await noTensorLeak(() =>
      tf.tidy(() => {
        const labels = tf.zeros([2], 'int32');
        for (const choice of [{ name: 'fgsm' }, { name: 'bim' }, { name: 'miFgsm' }] as const) {
          const attack = createAttack(choice);
          const threat = { norm: 'linf', epsilon: 0.05 } as const;
          const moved = craft(attack, grey(), leftHalf(labels), threat, createRandom(1)).sub(grey());
          const [left, right] = [0, 2].map((column) => moved.slice([0, 0, column, 0], [-1, -1, 2, -1]));
          assert.equal(right?.abs().max().dataSync()[0], 0, choice.name);
          assert.ok((left?.min().dataSync()[0] as number) > 0.04, choice.name);
        }
        // Of -0, too, which a compiler may take for a negative number.
        assert.deepEqual(
          [
            ...tf
              .sign(tf.tensor1d([0, -0]))
              .abs()
              .dataSync(),
          ],
          [0, 0],
        );
      }),
    );
  });
}

describe('on the engine that is fastest here', () => {
  before(() => useEngine('auto'));

  for (const norm of ['linf', 'l2', 'l1', 'l0'] as const) {
    test(`${norm}: pixels at exactly 0 and 1 stay in [0, 1] under every attack, and attacks by steps move them inwards`, () =>
      noTensorLeak(() =>
        tf.tidy(() => {
          // Black on the left half and taken for class 0, white and taken for class 1; the right half is of the other.
          const [black, white] = [tf.zeros([1, 4, 2, 1]), tf.ones([1, 4, 2, 1])];
          const images = tf.concat([
            tf.concat([black, white], 2),
            tf.concat([white, black], 2),
          ]) as tf.Tensor4D;
          const target = leftHalf(tf.tensor1d([0, 1], 'int32'));
          assert.deepEqual([...score(target.logits(images), target.labels)], [1, 1]);
          const epsilon = { linf: 0.6, l2: 2, l1: 6, l0: 10 }[norm];
          for (const attack of quickAttacks(norm, 'classification')) {
            const log = gradientLog();
            const moved = craft(attack, images, target, { norm, epsilon }, createRandom(4), log);
            const values = moved.dataSync();
            assert.ok(
              values.every((value) => value >= 0 && value <= 1),
              attack.name,
            );
            assert.equal(log.broken, 0, attack.name);
            // Minimal attacks need more than these few steps; one perturbation for all cannot go both ways.
            const must = !attack.minimise || attack.name === 'deepFool';
            if (log.gradients === 0 || !must || attack.name === 'universal') continue;
            assert.deepEqual([...score(target.logits(moved), target.labels)], [0, 0], attack.name);
          }
        }),
      ));
  }

  test('images that are wrong from the start count at epsilon 0, and are not attacked', () =>
    noTensorLeak(async () => {
      async function* data(): AsyncGenerator<Batch> {
        const [images, labels] = [grey(), tf.tensor1d([0, 1], 'int32')];
        yield { ids: [], images, labels, [Symbol.dispose]: () => tf.dispose([images, labels]) };
      }
      const { curves, worst } = await robustnessCurves(data(), {
        net: { logits },
        attacks: quickAttacks('linf', 'classification'),
        norm: 'linf',
        epsilons: [0.01, 0.3],
        metric: { name: 'accuracy', metric: accuracy },
        loss,
        random: createRandom(1),
      });
      for (const { attack, points } of [...curves, worst]) {
        assert.equal(points[0]?.value, 0.5, attack);
        assert.ok(
          points.every(({ value }) => value <= 0.5),
          attack,
        );
      }
      const fgsm = curves.find(({ attack }) => attack === 'fgsm');
      assert.equal(fgsm?.cost.gradients, 1);
    }));
});
