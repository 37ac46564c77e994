// Attacks on segmenters against the reference implementations; test/golden/README.md says whose.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Target } from '../../src/attacks/attack.ts';
import { cosPgdLoss } from '../../src/attacks/cos-pgd.ts';
import { craft, nearestOf } from '../../src/attacks/craft.ts';
import { type AttackChoice, createAttack } from '../../src/attacks/create.ts';
import type { PixelLoss } from '../../src/attacks/pixel-losses.ts';
import { seaLosses } from '../../src/attacks/sea-losses.ts';
import { gradientLog } from '../../src/attacks/watch.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { UsageError } from '../../src/errors.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { pixelAccuracy } from '../../src/robustness/metrics/pixel-accuracy.ts';
import { assertClose, noTensorLeak } from '../support.ts';
import { type GoldenNet, golden, openSegmenter, type Stored, tensorOf } from './golden.ts';

interface Case {
  readonly params: Readonly<Record<string, number>> & { readonly target?: Stored };
  readonly adversarial: Stored;
  readonly linf: Stored;
  readonly l2: Stored;
  readonly pixel_accuracy: Stored;
  readonly fraction_equal_to_target: Stored;
}

let net: GoldenNet;
before(async () => {
  await useEngine('auto');
  net = openSegmenter();
});
after(() => net.dispose());

const accuracyOf = pixelAccuracy.perImage as NonNullable<typeof pixelAccuracy.perImage>;
const casesOf = (name: string) => Object.entries(golden<{ cases: Record<string, Case> }>(name).cases);
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

function target(goals?: tf.Tensor): Target {
  const { logits, labels } = net;
  return { logits, labels, loss: lossOf('crossEntropy'), ...(goals && { goals }) };
}

const nextClass = () => net.labels.add(tf.scalar(1, 'int32')).mod(tf.scalar(3, 'int32')).toInt();

function attacked(choice: AttackChoice, under: Target, norm: 'linf' | 'l2', epsilon: number): tf.Tensor4D {
  return craft(createAttack(choice), net.images, under, { norm, epsilon }, createRandom(1));
}

/** 99.9 % of the values within 1e-5, as a gradient near 0 may change its sign; the rest in the ball. */
function assertNearlyAll(actual: Float32Array, { data }: Stored, epsilon: number): void {
  const differences = data.map((value, i) => Math.abs(value - actual[i]!));
  const far = differences.filter((difference) => !(difference <= 1e-5)).length;
  assert.ok(far / data.length <= 0.001, `${far} of ${data.length} values differ`);
  assert.ok(Math.max(...differences) <= 2 * epsilon + 1e-6, 'outside of the ball');
}

describe('losses of pixels', () => {
  const stored = golden<Record<string, Stored>>('seg-losses');
  const scored = golden<{ segmenter: { logits: Stored } }>('metrics');
  const mine: Record<string, PixelLoss> = {
    ce: seaLosses.crossEntropy!(false, 0, 1),
    'cospgd_official_softmax (weight*CE)': cosPgdLoss(false),
    'segpgd_t3_T10 (SEA, per pixel)': seaLosses.segPgd!(false, 3, 10),
    'js_per_pixel (SEA)': seaLosses.jensenShannon!(false, 0, 1),
    'masked_ce (SEA)': seaLosses.maskedCrossEntropy!(false, 0, 1),
    'mask_norm_corrlog (SEA)': seaLosses.maskedSpherical!(false, 0, 1),
  };
  for (const [name, loss] of Object.entries(mine)) {
    test(name, () =>
      noTensorLeak(() =>
        tf.tidy(() => {
          const logits = tensorOf(scored.segmenter.logits);
          const losses = loss(logits, { map: net.labels, weights: tf.ones(net.labels.shape) });
          assertClose(losses.dataSync(), (stored[name] as Stored).data, { absolute: 1e-5 });
        }),
      ),
    );
  }
});

for (const [file, name] of [
  ['seg-segpgd', 'segPgd'],
  ['seg-cospgd', 'cosPgd'],
] as const) {
  describe(`${name}, as the reference does`, () => {
    for (const [title, { params, adversarial }] of casesOf(file)) {
      test(`${title}: the last iterate`, () =>
        noTensorLeak(() =>
          tf.tidy(() => {
            const { eps, alpha, steps } = params as { eps: number; alpha: number; steps: number };
            const under = target(params.targeted ? nextClass() : undefined);
            // The references return the last iterate, ours the best: what the net sees last is the former.
            let last: tf.Tensor4D | undefined;
            const watched: Target = {
              ...under,
              logits(images) {
                last = tf.keep(images.clone());
                kept.push(last);
                return under.logits(images);
              },
            };
            const kept: tf.Tensor[] = [];
            const best = attacked(
              { name, steps, stepSize: alpha / eps, randomStart: false },
              watched,
              'linf',
              eps,
            );
            assertNearlyAll(last?.dataSync() as Float32Array, adversarial, eps);
            const lossOf = (images: tf.Tensor4D) =>
              under.loss(under.logits(images), under.goals ?? under.labels);
            const [ours, theirs] = [lossOf(best).dataSync(), lossOf(last as tf.Tensor4D).dataSync()];
            // Towards goals the best is by the share of pixels at them, not by the loss.
            if (under.goals) return tf.dispose(kept);
            for (const [i, loss] of ours.entries()) assert.ok(loss >= theirs[i]! - 1e-5, `image ${i}`);
            tf.dispose(kept);
          }),
        ));
    }
  });
}

describe('sea, as the reference does with one loss in one ball', () => {
  const names: Record<string, string> = {
    'ce-avg': 'crossEntropy',
    'mask-ce-avg': 'maskedCrossEntropy',
    'segpgd-loss': 'segPgd',
    'js-avg': 'jensenShannon',
    'mask-norm-corrlog-avg': 'maskedSpherical',
  };
  for (const [title, { params, adversarial, pixel_accuracy }] of casesOf('seg-sea')) {
    test(title, () =>
      noTensorLeak(() =>
        tf.tidy(() => {
          let calls = 0;
          // The latest of images that are as bad, as the reference has it.
          const score: NonNullable<Target['score']> = (logits, labels) =>
            accuracyOf(logits, labels).map((accuracy) => accuracy + 1e-4 / (1 + calls++ / 1000));
          const [loss, epsilon] = [names[title] as string, params.eps as number];
          const choice = { name: 'sea', losses: [loss], steps: params.n_iter as number } as const;
          const options = { radii: [1], shares: [1], randomStart: false };
          const moved = attacked({ ...choice, ...options }, { ...target(), score }, 'linf', epsilon);
          assertNearlyAll(moved.dataSync<'float32'>(), adversarial, epsilon);
          assertClose(accuracyOf(net.logits(moved), net.labels), pixel_accuracy.data, { absolute: 1 / 255 });
        }),
      ),
    );
  }

  test('several losses: each image at least as bad as under any of them', () =>
    noTensorLeak(() =>
      tf.tidy(() => {
        const under = { ...target(), score: accuracyOf };
        const run = (losses: string[]) => {
          const moved = attacked({ name: 'sea', losses, steps: 10, randomStart: false }, under, 'linf', 0.05);
          return accuracyOf(net.logits(moved), net.labels);
        };
        const losses = ['maskedCrossEntropy', 'segPgd', 'jensenShannon', 'maskedSpherical'];
        const all = run(losses);
        for (const loss of losses) {
          for (const [i, accuracy] of run([loss]).entries())
            assert.ok(all[i]! <= accuracy + 1e-6, `image ${i}, ${loss}`);
        }
      }),
    ));
});

describe('dag', () => {
  for (const [title, one] of casesOf('seg-dag')) {
    const { params, adversarial, l2, fraction_equal_to_target: reached } = one;
    if (adversarial) {
      test(`${title}: the same images`, () =>
        noTensorLeak(() =>
          tf.tidy(() => {
            const norm = (params.p as unknown) === 'inf' ? 'linf' : 'l2';
            const largest = norm === 'linf' ? 1 : Math.sqrt(16 * 16 * 3);
            const under = target(params.targeted ? nextClass() : undefined);
            const stepSize = (params.gamma as number) / largest;
            const options = { steps: params.max_iter as number, enough: params.adv_threshold as number };
            const moved = attacked({ name: 'dag', stepSize, ...options }, under, norm, largest);
            assertClose(moved.dataSync(), adversarial.data, { absolute: 1e-4, relative: 0 });
          }),
        ));
      continue;
    }
    test(`${title}: as much at the goal, by steps as long`, () =>
      noTensorLeak(() =>
        tf.tidy(() => {
          const goals = tensorOf(params.target as Stored);
          const masked = params.no_background
            ? tf.where(net.labels.greater(0), goals, tf.fill(goals.shape, -1, 'int32'))
            : goals;
          const largest = Math.sqrt(16 * 16 * 3);
          const steps = {
            steps: params.num_iterations as number,
            stepSize: (params.gamma as number) / largest,
          };
          const moved = attacked({ name: 'dag', ...steps, enough: 1 }, target(masked), 'l2', largest);
          const share = tf.mean(net.logits(moved).argMax(-1).equal(goals).toFloat(), [1, 2]).dataSync();
          assert.ok(
            mean(share) >= mean(reached.data) - 0.005,
            `${mean(share)}, theirs ${mean(reached.data)}`,
          );
          const lengths = moved.sub(net.images).square().sum([1, 2, 3]).sqrt().dataSync();
          for (const length of lengths) assert.ok(length <= 1 + 1e-4, `${length}`);
          assert.equal(l2.data.length, lengths.length);
        }),
      ));
  }
});

describe('minimal attacks', () => {
  const cases = Object.fromEntries(casesOf('seg-minimal'));
  const wrong = (moved: tf.Tensor4D) =>
    accuracyOf(net.logits(moved), net.labels).map((accuracy) => 1 - accuracy);

  test('segBisection needs no more than ALMA prox and DAG do', () =>
    noTensorLeak(() =>
      tf.tidy(() => {
        const alma = cases.adv_lib_alma_prox as Case;
        const enough = 0.55;
        const moved = attacked({ name: 'segBisection', enough }, target(), 'linf', 1);
        const distances = moved.sub(net.images).abs().max([1, 2, 3]).dataSync();
        for (const [i, share] of wrong(moved).entries()) {
          assert.ok(share >= enough - 1e-6, `image ${i}: ${share}`);
          if (1 - alma.pixel_accuracy.data[i]! >= enough)
            assert.ok(
              distances[i]! <= alma.linf.data[i]!,
              `image ${i}: ${distances[i]}, theirs ${alma.linf.data[i]}`,
            );
        }
        const dag = Object.fromEntries(casesOf('seg-dag'))['adv_lib_pinf_gamma0.03'] as Case;
        const almostAll = attacked({ name: 'segBisection' }, target(), 'linf', 1);
        const far = almostAll.sub(net.images).abs().max([1, 2, 3]).dataSync();
        for (const [i, share] of wrong(almostAll).entries())
          assert.ok(share >= 0.99 && far[i]! <= dag.linf.data[i]!, `image ${i}: ${share} at ${far[i]}`);
      }),
    ));

  test('asma reaches as much as the reference, by perturbations as short', () =>
    noTensorLeak(() =>
      tf.tidy(() => {
        const { params, l2 } = cases.adv_lib_asma_targeted as Case;
        const { tau, beta } = params as Record<'tau' | 'beta', number>;
        // Its 300 steps are as long as the overlap over the whole batch makes them; ours are of each image.
        const options = { tau, beta, steps: 600, enough: params.adv_threshold as number };
        const goals = nextClass();
        const moved = attacked({ name: 'asma', ...options }, target(goals), 'l2', 27);
        const share = tf.mean(net.logits(moved).argMax(-1).equal(goals).toFloat(), [1, 2]).dataSync();
        const lengths = moved.sub(net.images).square().sum([1, 2, 3]).sqrt().dataSync();
        for (const [i, reached] of share.entries()) {
          assert.ok(reached >= 0.95, `image ${i}: ${reached}`);
          assert.ok(lengths[i]! <= l2.data[i]!, `image ${i}: ${lengths[i]}, theirs ${l2.data[i]}`);
        }
      }),
    ));
});

test('options that fit no net or no schedule are refused', () => {
  for (const options of [{ pixels: '3' }, { towards: 'dilate', dilated: 7 }] as const)
    assert.throws(
      () => tf.tidy(() => attacked({ name: 'segPgd', ...options }, target(), 'linf', 0.1)),
      UsageError,
    );
  for (const shares of [
    [0.3, 0.3, 0.1],
    [0.8, 0.8, 0.4],
  ])
    assert.throws(() => createAttack({ name: 'sea', shares } as unknown as AttackChoice), UsageError);
});

test('in l1 segBisection does not depend on epsilon', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const attack = createAttack({ name: 'segBisection', rounds: 3, steps: 5, enough: 0.5 });
      const nearest = nearestOf(attack, net.images, target(), 'l1', createRandom(1), gradientLog());
      const largest = net.images.size / net.images.shape[0];
      const made = craft(attack, net.images, target(), { norm: 'l1', epsilon: largest }, createRandom(1));
      assertClose(made.dataSync(), nearest.dataSync(), { absolute: 1e-6 });
    }),
  ));
