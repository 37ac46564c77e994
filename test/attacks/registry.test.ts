// What must hold of every attack, so that a new one is tested by being registered.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Target } from '../../src/attacks/attack.ts';
import { craft } from '../../src/attacks/craft.ts';
import { type AttackChoice, createAttack } from '../../src/attacks/create.ts';
import * as registry from '../../src/attacks/registry.ts';
import { gradientLog } from '../../src/attacks/watch.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { noTensorLeak } from '../support.ts';
import { type GoldenNet, openClassifier, openSegmenter } from './golden.ts';

const crossEntropy = lossOf('crossEntropy');

let classifier: GoldenNet;
let segmenter: GoldenNet;
before(async () => {
  await useEngine('auto');
  classifier = openClassifier();
  segmenter = openSegmenter();
});
after(() => {
  classifier.dispose();
  segmenter.dispose();
});

/** How far the rounding of pixels can carry an image: each by half the spacing of float32 below 1. */
const rounding = { linf: 2 ** -25, l2: 2 ** -25 * Math.sqrt(16 * 16 * 3) };

const targets: Record<string, () => { images: tf.Tensor4D; target: Target }> = {
  'a classifier': () => ({ images: classifier.images.clone(), target: targetOf(classifier, 8) }),
  'a segmenter': () => ({ images: segmenter.images.slice(0, 2), target: targetOf(segmenter, 2) }),
  'a batch of one': () => ({ images: classifier.images.slice(0, 1), target: targetOf(classifier, 1) }),
  'black and white images': () => ({
    images: tf.concat([tf.zeros([1, 16, 16, 3]), tf.ones([1, 16, 16, 3])]) as tf.Tensor4D,
    target: targetOf(classifier, 2),
  }),
  'a grey image': () => ({
    images: tf.fill([1, 16, 16, 3], 0.5) as tf.Tensor4D,
    target: targetOf(classifier, 1),
  }),
  'a net without gradient': () => ({
    images: classifier.images.slice(0, 2),
    target: { ...targetOf(classifier, 2), logits: (images) => classifier.logits(images).mul(0) },
  }),
};

function targetOf(net: GoldenNet, images: number): Target {
  return { logits: net.logits, labels: net.labels.slice(0, images), loss: crossEntropy };
}

function distances(moved: tf.Tensor, clean: tf.Tensor, norm: 'linf' | 'l2'): ArrayLike<number> {
  const difference = moved.sub(clean);
  return (
    norm === 'linf' ? difference.abs().max([1, 2, 3]) : difference.square().sum([1, 2, 3]).sqrt()
  ).dataSync();
}

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);

for (const name of Object.keys(registry) as AttackChoice['name'][]) {
  for (const norm of ['linf', 'l2'] as const) {
    describe(`${name} in ${norm}`, () => {
      const attack = createAttack({ name });

      for (const [what, make] of Object.entries(targets)) {
        test(`${what}: stays in the ball and in [0, 1]; epsilon 0 changes nothing; repeatable`, () =>
          noTensorLeak(() =>
            tf.tidy(() => {
              const { images, target } = make();
              for (const epsilon of [0, 1 / 255, 8 / 255, 0.5, 1]) {
                const run = () => craft(attack, images, target, { norm, epsilon }, createRandom(3));
                const moved = run();
                const [low, high] = [
                  moved.min().dataSync()[0] as number,
                  moved.max().dataSync()[0] as number,
                ];
                assert.ok(low >= 0 && high <= 1, `values from ${low} to ${high}`);
                for (const distance of Array.from(distances(moved, images, norm))) {
                  assert.ok(distance <= epsilon * (1 + 1e-5) + rounding[norm], `${distance} for ${epsilon}`);
                }
                if (epsilon === 0) assert.deepEqual(moved.dataSync(), images.dataSync());
                if (epsilon === 8 / 255) assert.deepEqual(moved.dataSync(), run().dataSync());
              }
            }),
          ));
      }

      test('where it follows gradients, it raises the loss on average', () =>
        noTensorLeak(() =>
          tf.tidy(() => {
            for (const net of [classifier, segmenter]) {
              const target = targetOf(net, 8);
              const lossOf = (images: tf.Tensor4D) =>
                sum(target.loss(target.logits(images), target.labels).dataSync());
              for (const epsilon of [1 / 255, 8 / 255]) {
                const log = gradientLog();
                const moved = craft(attack, net.images, target, { norm, epsilon }, createRandom(4), log);
                assert.ok(log.gradients === 0 || lossOf(moved) > lossOf(net.images));
              }
            }
          }),
        ));
    });
  }
}
