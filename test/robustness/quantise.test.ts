import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { createBall } from '../../src/attacks/ball.ts';
import { createAttack } from '../../src/attacks/create.ts';
import type { Batch } from '../../src/data/dataset.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { robustnessCurves } from '../../src/robustness/curve.ts';
import { accuracy } from '../../src/robustness/metrics/accuracy.ts';
import {
  BIT_DEPTHS,
  type BitDepth,
  ofStored,
  quantised,
  quantisedTowards,
} from '../../src/robustness/quantise.ts';
import { type GoldenNet, openClassifier } from '../attacks/golden.ts';
import { assertClose, noTensorLeak } from '../support.ts';

let classifier: GoldenNet;
before(async () => {
  await useEngine('auto');
  classifier = openClassifier();
});
after(() => classifier.dispose());

/** How far values are from the nearest level, in levels. */
const offLevel = (images: tf.Tensor, bits: BitDepth) =>
  Math.max(
    ...images
      .dataSync()
      .map((value) => Math.abs(value * (2 ** bits - 1) - Math.round(value * (2 ** bits - 1)))),
  );

describe('images that are rounded towards the clean ones', () => {
  for (const bits of BIT_DEPTHS) {
    for (const norm of ['linf', 'l2', 'l1'] as const) {
      test(`${bits} bits, ${norm}: at levels, in [0, 1], and in the ball`, () =>
        noTensorLeak(() =>
          tf.tidy(() => {
            const random = createRandom(bits);
            const clean = quantised(tf.tensor4d(random.uniforms(4 * 48, 0, 1), [4, 4, 4, 3]), bits);
            const epsilon = { linf: 8 / 255, l2: 0.3, l1: 2 }[norm];
            const ball = createBall(clean, { norm, epsilon });
            for (const moved of [
              ball.sample(random),
              ball.project(clean.add(tf.sign(clean.sub(0.5))) as tf.Tensor4D),
            ]) {
              const stored = quantisedTowards(clean, moved, bits);
              assert.ok(offLevel(stored, bits) < 0.005, `${offLevel(stored, bits)}`);
              assert.ok(stored.dataSync().every((value) => value >= 0 && value <= 1));
              for (const distance of ball.distances(stored)) assert.ok(distance <= epsilon * (1 + 1e-5));
              const [a, b, c] = [clean, moved, stored].map((images) => images.dataSync());
              for (const [i, value] of (c as Float32Array).entries()) {
                const [from, to] = [a?.[i] as number, b?.[i] as number];
                assert.ok(Math.abs(value - to) < 1 / (2 ** bits - 1) + 1e-6, 'by less than a level');
                assert.ok((value - from) * (to - from) >= 0, 'not beyond the clean value');
              }
            }
          }),
        ));
    }
  }

  test('a whole number of levels stays, less than one is lost', () =>
    tf.tidy(() => {
      const clean = tf.tensor4d([0, 100 / 255, 100 / 255, 1], [1, 2, 2, 1]);
      const moved = tf.tensor4d([8 / 255, 92 / 255, 100.9 / 255, 0.5 / 255], [1, 2, 2, 1]);
      assertClose(quantisedTowards(clean, moved, 8).dataSync(), [8 / 255, 92 / 255, 100 / 255, 1 / 255]);
    }));
});

test('a curve judges stored images: none changes below one level, and all that the net is judged on are at levels', async () => {
  const judged: number[] = [];
  async function* data(): AsyncGenerator<Batch> {
    const [images, labels] = [classifier.images.clone(), classifier.labels.clone()];
    yield { ids: [], images, labels, [Symbol.dispose]: () => tf.dispose([images, labels]) };
  }
  const options = {
    net: {
      logits(images: tf.Tensor4D) {
        judged.push(offLevel(images, 8));
        return classifier.logits(images);
      },
    },
    attacks: [createAttack({ name: 'fgsm' })],
    norm: 'linf',
    epsilons: [0.9 / 255, 8 / 255],
    metric: { name: 'accuracy', metric: accuracy },
    loss: lossOf('crossEntropy'),
    random: createRandom(1),
  } as const;
  const { curves } = await noTensorLeak(() => robustnessCurves(data(), { ...options, quantise: 8 }));
  const [clean, below, above] = curves[0]?.points ?? [];
  assert.equal(below?.value, clean?.value);
  assert.equal(below?.perturbation, undefined);
  assert.ok((above?.value as number) < (clean?.value as number));
  assert.ok((above?.perturbation?.linf as number) <= 8 / 255 + 1e-6);
  assert.equal(curves[0]?.quantise, 8);
  // Clean, for the gradient, and at two epsilons; before that, the checks of the net look around the images.
  assert.ok(Math.max(...judged.slice(-4)) < 0.005);
  const whole = await noTensorLeak(() => robustnessCurves(data(), options));
  assert.equal(whole.curves[0]?.quantise, undefined);
});

test('a net of stored images sees no change of less than half a level', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const clean = quantised(classifier.images, 8);
      const { logits } = ofStored(classifier, 8);
      const expected = classifier.logits(clean).dataSync();
      assert.deepEqual(logits(clean.add(0.4 / 255) as tf.Tensor4D).dataSync(), expected);
      assert.notDeepEqual(logits(clean.mul(0.9) as tf.Tensor4D).dataSync(), expected);
    }),
  ));

test('a change of almost a level is none', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const clean = tf.fill([1, 1, 1, 1], 100 / 255) as tf.Tensor4D;
      for (const share of [0.991, 0.999]) {
        const moved = clean.add(share / 255) as tf.Tensor4D;
        assertClose(quantisedTowards(clean, moved, 8).dataSync(), [100 / 255]);
      }
      assertClose(quantisedTowards(clean, clean.add(1 / 255) as tf.Tensor4D, 8).dataSync(), [101 / 255]);
    }),
  ));
