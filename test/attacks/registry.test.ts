// What must hold of every attack, so that a new one is tested by being registered.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { type Attack, type Target, taskOfLabels } from '../../src/attacks/attack.ts';
import { createBall } from '../../src/attacks/ball.ts';
import { judge } from '../../src/attacks/context.ts';
import { craft } from '../../src/attacks/craft.ts';
import type { NormName } from '../../src/attacks/threat.ts';
import { gradientLog } from '../../src/attacks/watch.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { noTensorLeak } from '../support.ts';
import { type GoldenNet, openClassifier, openSegmenter, tensorOf } from './golden.ts';
import { quickAttacks } from './quick.ts';

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
const values = 16 * 16 * 3;
const rounding = { linf: 2 ** -25, l2: 2 ** -25 * Math.sqrt(values), l1: 2 ** -25 * values, l0: 0 };

const epsilons = {
  linf: [0, 1 / 255, 8 / 255, 1],
  l2: [0, 0.1, 0.5, 10],
  l1: [0, 0.5, 5, values],
  l0: [0, 1, 10, values],
};

const targets: Record<string, () => { images: tf.Tensor4D; target: Target }> = {
  'a classifier': () => ({ images: classifier.images.clone(), target: targetOf(classifier, 8) }),
  'a classifier, towards goals': () => ({
    images: classifier.images.clone(),
    target: { ...targetOf(classifier, 8), goals: tensorOf(classifier.stored.target_labels) },
  }),
  'a segmenter': () => ({ images: segmenter.images.slice(0, 2), target: targetOf(segmenter, 2) }),
  'a net of several labels': () => ({
    images: classifier.images.slice(0, 4),
    target: labelsOf(classifier, 4),
  }),
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

/** Of each logit of a classifier whether it is above 0: its own class is there, the next is not known, the others are absent. */
function labelsOf(net: GoldenNet, images: number): Target {
  const classes = net.logits(net.images).shape.at(-1) as number;
  const labels = [...net.labels.slice(0, images).dataSync()].map((own) =>
    Array.from({ length: classes }, (_, k) => (k === own ? 1 : k === (own + 1) % classes ? -1 : 0)),
  );
  return {
    logits(moved) {
      const logits = net.logits(moved).expandDims(-1);
      return tf.concat([logits.mul(0), logits], -1);
    },
    labels: tf.tensor2d(labels, undefined, 'int32'),
    loss: crossEntropy,
  };
}

const distances = (moved: tf.Tensor4D, clean: tf.Tensor4D, norm: NormName) =>
  createBall(clean, { norm, epsilon: 0 }).distances(moved);

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);

/** What an attack is tested on: not every one is for all tasks. */
const suited = (attack: Attack, { labels }: Target) =>
  attack.task === undefined || attack.task === taskOfLabels(labels);

for (const norm of ['linf', 'l2', 'l1', 'l0'] as const) {
  const attacks = new Map(
    [...quickAttacks(norm, 'classification'), ...quickAttacks(norm, 'segmentation')].map((attack) => [
      attack.name,
      attack,
    ]),
  );
  for (const [name, attack] of attacks) {
    describe(`${name} in ${norm}`, () => {
      for (const [what, make] of Object.entries(targets)) {
        test(`${what}: stays in the ball and in [0, 1]; epsilon 0 changes nothing; repeatable`, () =>
          noTensorLeak(() =>
            tf.tidy(() => {
              const { images, target } = make();
              if (!suited(attack, target)) return;
              for (const [i, epsilon] of epsilons[norm].entries()) {
                const run = () => craft(attack, images, target, { norm, epsilon }, createRandom(3));
                const moved = run();
                const [low, high] = [
                  moved.min().dataSync()[0] as number,
                  moved.max().dataSync()[0] as number,
                ];
                assert.ok(low >= 0 && high <= 1, `values from ${low} to ${high}`);
                for (const distance of distances(moved, images, norm)) {
                  assert.ok(distance <= epsilon * (1 + 1e-5) + rounding[norm], `${distance} for ${epsilon}`);
                }
                if (epsilon === 0) assert.deepEqual(moved.dataSync(), images.dataSync());
                if (i === 2) assert.deepEqual(moved.dataSync(), run().dataSync());
              }
            }),
          ));
      }

      if (attack.minimise) return;
      test('where it follows gradients, it raises the loss on average, and lowers it towards goals', () =>
        noTensorLeak(() =>
          tf.tidy(() => {
            const all = [
              { images: classifier.images, untargeted: targetOf(classifier, 8) },
              { images: segmenter.images, untargeted: targetOf(segmenter, 8) },
              { images: classifier.images, untargeted: labelsOf(classifier, 8) },
            ];
            for (const { images, untargeted } of all) {
              if (!suited(attack, untargeted)) continue;
              const goals = tf.zerosLike(untargeted.labels);
              for (const target of [untargeted, { ...untargeted, goals }]) {
                const lossOf = (images: tf.Tensor4D) => sum(judge(target, images).losses);
                for (const epsilon of epsilons[norm].slice(1, 3)) {
                  const log = gradientLog();
                  const moved = craft(attack, images, target, { norm, epsilon }, createRandom(4), log);
                  assert.ok(log.gradients === 0 || lossOf(moved) > lossOf(images));
                }
              }
            }
          }),
        ));
    });
  }
}
