import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Attack, Target } from '../../src/attacks/attack.ts';
import { craft } from '../../src/attacks/craft.ts';
import { createAttack } from '../../src/attacks/create.ts';
import { gradient } from '../../src/attacks/gradient.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom, type Random } from '../../src/random.ts';
import { assertClose, noTensorLeak } from '../support.ts';
import { type GoldenNet, golden, openClassifier, openSegmenter, type Stored, tensorOf } from './golden.ts';

const crossEntropy = lossOf('crossEntropy');

interface Case {
  readonly params: { eps: number; alpha?: number; steps?: number; targeted?: boolean };
  readonly adversarial: Stored;
  readonly stability: { readonly 'fraction_of_elements_differing_more_than_1e-5': number };
  readonly start_delta?: Stored;
}

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

/** Untargeted, or towards `towards`: a targeted attack is the same one, raising minus the loss of its target. */
function targetOf(net: GoldenNet, towards?: tf.Tensor): Target {
  if (!towards) return { logits: net.logits, labels: net.labels, loss: crossEntropy };
  return {
    logits: net.logits,
    labels: towards,
    loss: (logits, labels) => crossEntropy(logits, labels).neg(),
  };
}

/** The references return the last iterate, `pgd` the best: scores that fall from call to call make these the same. */
function lastIsBest(target: Target): Target {
  let calls = 0;
  return { ...target, score: (logits) => new Float32Array(logits.shape[0] as number).fill(1 / ++calls) };
}

function targetLabels(net: GoldenNet): tf.Tensor {
  if (net === classifier) return tensorOf(net.stored.target_labels);
  return tf.tidy(() => net.labels.add(tf.scalar(1, 'int32')).mod(tf.scalar(3, 'int32')).toInt());
}

function attackFor({ params, start_delta }: Case): Attack {
  if (!params.steps || !params.alpha) return createAttack({ name: 'fgsm' });
  const stepSize = params.alpha / params.eps;
  return createAttack({ name: 'pgd', steps: params.steps, stepSize, randomStart: start_delta !== undefined });
}

/** Draws `start_delta` for a random start. */
function randomOf({ start_delta }: Case): Random {
  const random = createRandom(1);
  return start_delta ? { ...random, uniforms: () => Float32Array.from(start_delta.data) } : random;
}

/**
 * The rule of the fixtures: 99.9 % of the values within 1e-5, as a gradient near 0 may change its sign; the rest in
 * the ball. `unstable` is the share that differs between float32 and float64 in the reference itself.
 */
function assertNearlyAll(
  actual: Float32Array,
  expected: readonly number[],
  epsilon: number,
  unstable: number,
): void {
  assert.equal(actual.length, expected.length);
  const differences = expected.map((value, i) => Math.abs(value - (actual[i] as number)));
  const far = differences.filter((difference) => !(difference <= 1e-5)).length;
  assert.ok(far / expected.length <= 0.001 + unstable, `${far} of ${expected.length} values differ`);
  assert.ok(Math.max(...differences) <= 2 * epsilon + 1e-6);
}

describe('the golden nets', () => {
  test('give the stored logits and gradients', () =>
    noTensorLeak(() =>
      tf.tidy(() => {
        for (const [net, key] of [
          [classifier, 'ce_input_gradient'],
          [segmenter, 'ce_sum_input_gradient'],
        ] as const) {
          assertClose(net.logits(net.images).dataSync(), (net.stored.expected.logits as Stored).data, {
            absolute: 2e-5,
          });
          const pixels = net === segmenter ? 16 * 16 : 1;
          const raised = gradient((images) => crossEntropy(net.logits(images), net.labels), net.images).mul(
            pixels,
          );
          assertClose(raised.dataSync(), (net.stored.expected[key] as Stored).data, {
            absolute: 2e-6,
            relative: 1e-4,
          });
        }
      }),
    ));
});

const files = [
  { file: 'fgsm', net: () => classifier, norm: 'linf' },
  { file: 'bim', net: () => classifier, norm: 'linf' },
  { file: 'pgd-linf', net: () => classifier, norm: 'linf' },
  { file: 'pgd-l2', net: () => classifier, norm: 'l2' },
  { file: 'seg-fgsm', net: () => segmenter, norm: 'linf' },
  { file: 'seg-pgd', net: () => segmenter, norm: 'linf' },
] as const;

for (const { file, net, norm } of files) {
  describe(`${file}, against the reference implementations`, () => {
    for (const [name, one] of Object.entries(golden<{ cases: Record<string, Case> }>(file).cases)) {
      const { eps: epsilon, targeted } = one.params;

      test(`${name}: the same images`, () =>
        noTensorLeak(() =>
          tf.tidy(() => {
            const target = lastIsBest(targetOf(net(), targeted ? targetLabels(net()) : undefined));
            const adversarial = craft(attackFor(one), net().images, target, { norm, epsilon }, randomOf(one));
            const [values, expected] = [adversarial.dataSync() as Float32Array, one.adversarial.data];
            if (norm === 'l2') assertClose(values, expected, { absolute: 1e-4, relative: 0 });
            else
              assertNearlyAll(
                values,
                expected,
                epsilon,
                one.stability['fraction_of_elements_differing_more_than_1e-5'],
              );
          }),
        ));

      if (one.params.steps === undefined) continue;
      test(`${name}: the best iterate has no lower loss than the last`, () =>
        noTensorLeak(() =>
          tf.tidy(() => {
            const target = targetOf(net(), targeted ? targetLabels(net()) : undefined);
            const lossOf = (images: tf.Tensor4D) =>
              target.loss(target.logits(images), target.labels).dataSync();
            const ours = lossOf(
              craft(attackFor(one), net().images, target, { norm, epsilon }, randomOf(one)),
            );
            const theirs = lossOf(tensorOf<tf.Tensor4D>(one.adversarial));
            for (const [i, loss] of theirs.entries())
              assert.ok((ours[i] as number) >= loss - 1e-4 * (1 + Math.abs(loss)));
          }),
        ));
    }
  });
}
