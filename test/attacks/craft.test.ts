import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Attack, Target } from '../../src/attacks/attack.ts';
import { craft } from '../../src/attacks/craft.ts';
import { createAttack } from '../../src/attacks/create.ts';
import { gradientLog } from '../../src/attacks/watch.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { RunError, UsageError } from '../../src/errors.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { noTensorLeak } from '../support.ts';
import { quickAttacks } from './quick.ts';

const crossEntropy = lossOf('crossEntropy');

before(() => useEngine('auto'));

const random = createRandom(1);
const threat = { norm: 'linf', epsilon: 0.1 } as const;

/** Two classes told apart by the mean of the image; `scale` is applied to the logits. */
function brightness(labels: tf.Tensor, scale = 1): Target {
  return {
    labels,
    loss: crossEntropy,
    logits(images) {
      const mean = images.mean([1, 2, 3]).sub(0.5).mul(scale);
      return tf.stack([mean.neg(), mean], 1);
    },
  };
}

/** Runs `body` on images of 2 × 2 pixels, one for each value, with labels 0. */
function withImages(values: number[], body: (images: tf.Tensor4D, labels: tf.Tensor) => void) {
  return noTensorLeak(() =>
    tf.tidy(() => {
      const pixels = values.flatMap((value) => [value, value, value, value]);
      body(tf.tensor4d(pixels, [values.length, 2, 2, 1]), tf.zeros([values.length], 'int32'));
    }),
  );
}

const rogue = (perturb: Attack['perturb']): Attack => ({ name: 'rogue', options: {}, perturb });

test('an attack that leaves the ball is brought back', () =>
  withImages([0.05, 0.5, 0.95], (images, labels) => {
    const attack = rogue((clean) => clean.add(5));
    const moved = craft(attack, images, brightness(labels), threat, random);
    const largest = moved.max([1, 2, 3]).dataSync();
    for (const [i, expected] of [0.15, 0.6, 1].entries())
      assert.ok(Math.abs((largest[i] as number) - expected) < 1e-6);
  }));

test('images out of [0, 1], of another shape or NaN are refused in one line', () =>
  withImages([0.5], (images, labels) => {
    const attack = createAttack({ name: 'fgsm' });
    const run = (input: tf.Tensor4D, by = attack) => craft(by, input, brightness(labels), threat, random);
    assert.throws(
      () => run(images.mul(255)),
      new UsageError(
        'Images to attack: expected pixels in [0, 1], received values from 127.5 to 127.5. ' +
          'Divide 8-bit images by 255; normalise inside the net.',
      ),
    );
    assert.throws(() => run(images.mul(Number.NaN)), UsageError);
    assert.throws(() => run(images.sub(0.6)), UsageError);
    assert.throws(
      () =>
        run(
          images,
          rogue((clean) => clean.slice([0, 0, 0, 0], [1, 1, 1, 1])),
        ),
      RunError,
    );
    assert.throws(
      () =>
        run(
          images,
          rogue((clean) => clean.div(0).mul(0)),
        ),
      /returned pixels that are NaN/,
    );
  }));

test('a gradient that is NaN throws, or is counted where the caller asks for the count', () =>
  withImages([0.2, 0.3], (images, labels) => {
    const target: Target = {
      ...brightness(labels),
      // The square root has no gradient at 0: only the first image is there.
      logits: (input) => brightness(labels).logits(input.sub(0.2).abs().sqrt() as tf.Tensor4D),
    };
    const attack = createAttack({ name: 'pgd', steps: 2, randomStart: false });
    assert.throws(() => craft(attack, images, target, threat, random), RunError);
    const log = gradientLog();
    const moved = craft(attack, images, target, threat, random, log);
    assert.equal(log.gradients, 4);
    assert.ok(log.broken >= 1);
    assert.equal(moved.slice(0, 1).sub(images.slice(0, 1)).abs().max().dataSync()[0], 0);
    assert.ok((moved.slice(1).sub(images.slice(1)).abs().max().dataSync()[0] as number) > 0.05);
  }));

test('every attack that follows gradients reports those that are NaN, and returns none', async () => {
  for (const attack of quickAttacks('l2', 'classification')) {
    await withImages([0.2, 0.3], (images, labels) => {
      const target: Target = {
        ...brightness(labels),
        logits: (input) => brightness(labels).logits(input.sub(0.2).abs().sqrt() as tf.Tensor4D),
      };
      const log = gradientLog();
      const within = { norm: 'l2', epsilon: 0.1 } as const;
      const moved = craft(attack, images, target, within, random, log);
      assert.ok(moved.dataSync().every(Number.isFinite), attack.name);
      if (log.gradients === 0) return;
      assert.ok(log.broken > 0, attack.name);
      assert.throws(() => craft(attack, images, target, within, random), RunError, attack.name);
    });
  }
});

test('a gradient of 0 is counted, and the images come back as they were', () =>
  withImages([0.2, 0.3], (images, labels) => {
    const log = gradientLog();
    const moved = craft(createAttack({ name: 'fgsm' }), images, brightness(labels, 0), threat, random, log);
    assert.deepEqual(log, { forwards: 2, gradients: 2, zero: 2, broken: 0 });
    assert.deepEqual(moved.dataSync(), images.dataSync());
  }));

test('cross-entropy of a very sure net still has a gradient to follow', () =>
  withImages([0.1], (images, labels) => {
    // Margin 2 · 100 · 0.4 = 80, where the softmax of float32 is 1.
    const moved = craft(createAttack({ name: 'fgsm' }), images, brightness(labels, 100), threat, random);
    assert.ok((moved.min().dataSync()[0] as number) > 0.19);
  }));
