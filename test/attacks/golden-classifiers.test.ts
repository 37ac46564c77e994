// The attacks on classifiers against reference implementations; see test/golden/README.md for whose and how near.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Target } from '../../src/attacks/attack.ts';
import { autoPgd } from '../../src/attacks/auto-pgd.ts';
import { createBall } from '../../src/attacks/ball.ts';
import { createContext, judge } from '../../src/attacks/context.ts';
import { craft, nearestOf } from '../../src/attacks/craft.ts';
import { type AttackChoice, createAttack } from '../../src/attacks/create.ts';
import { crossEntropy, dlr } from '../../src/attacks/logit-losses.ts';
import type { NormName } from '../../src/attacks/threat.ts';
import { gradientLog } from '../../src/attacks/watch.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { accuracy } from '../../src/robustness/metrics/accuracy.ts';
import { assertClose, noTensorLeak } from '../support.ts';
import { type GoldenNet, golden, openClassifier, type Stored, tensorOf } from './golden.ts';

interface Case {
  /** Those that the attack takes. */
  readonly params: Readonly<
    Record<'eps' | 'alpha' | 'steps' | 'decay' | 'theta' | 'gamma' | 'n_iter', number> & {
      confidence?: number;
    } & Record<'loss' | 'norm', string>
  >;
  readonly adversarial: Stored;
  readonly predictions: Stored;
  readonly l2: Stored;
  readonly l0: Stored;
  readonly linf: Stored;
  readonly best_loss: Stored;
  readonly still_correct_over_all_iterations: number[];
  readonly margin_other_minus_label?: Stored;
  readonly stability?: { readonly 'fraction_of_elements_differing_more_than_1e-5': number };
}

const casesOf = (file: string) => Object.entries(golden<{ cases: Record<string, Case> }>(file).cases);

let net: GoldenNet;
before(async () => {
  await useEngine('auto');
  net = openClassifier();
});
after(() => net.dispose());

const score = accuracy.perImage as NonNullable<typeof accuracy.perImage>;
const target = (): Target => ({
  logits: net.logits,
  labels: net.labels,
  loss: lossOf('crossEntropy'),
  score,
});

/** The last label is wrong on purpose: that image must come back as it was. */
const MISCLASSIFIED = 7;

function nearest(choice: AttackChoice, norm: NormName, goals?: tf.Tensor): tf.Tensor4D {
  const under = { ...target(), ...(goals && { goals }) };
  return nearestOf(createAttack(choice), net.images, under, norm, createRandom(1), gradientLog());
}

const distances = (moved: tf.Tensor4D, norm: NormName) =>
  createBall(net.images, { norm, epsilon: 0 }).distances(moved);

const predicted = (moved: tf.Tensor4D) => Array.from(net.logits(moved).argMax(-1).dataSync());

function assertFooled(moved: tf.Tensor4D): void {
  const labels = net.labels.dataSync();
  assert.ok(predicted(moved).every((label, i) => label !== labels[i]));
}

/** 99.9 % of the values within 1e-5, and beyond those as many as differ in the reference itself. */
function assertNearlyAll(actual: ArrayLike<number>, { adversarial, stability }: Case): void {
  const far = adversarial.data.filter(
    (value, i) => !(Math.abs(value - (actual[i] as number)) <= 1e-5),
  ).length;
  const unstable = stability?.['fraction_of_elements_differing_more_than_1e-5'] ?? 0;
  assert.ok(
    far / adversarial.data.length <= 0.001 + unstable,
    `${far} of ${adversarial.data.length} values differ`,
  );
}

const inTidy = (body: () => void) => noTensorLeak(() => tf.tidy(body));

describe('miFgsm', () => {
  for (const [name, one] of casesOf('mifgsm')) {
    test(`${name}: the same images`, () =>
      inTidy(() => {
        const { eps, alpha, steps, decay } = one.params;
        // The reference returns the last iterate: scores that fall from call to call make that the best.
        let calls = 0;
        const lastIsBest = { ...target(), score: () => new Float32Array(8).fill(1 / ++calls) };
        const attack = createAttack({
          name: 'miFgsm',
          steps: steps,
          stepSize: alpha / eps,
          decay: decay,
        });
        const moved = craft(attack, net.images, lastIsBest, { norm: 'linf', epsilon: eps }, createRandom(1));
        assertNearlyAll(moved.dataSync(), one);
      }));
  }
});

describe('deepFool', () => {
  for (const [name, one] of casesOf('deepfool')) {
    test(`${name}: the same images`, () =>
      inTidy(() => {
        const norm = name.endsWith('linf') ? 'linf' : 'l2';
        const moved = nearest({ name: 'deepFool' }, norm);
        assertClose(moved.dataSync(), one.adversarial.data, { absolute: 1e-3, relative: 0 });
        assertClose(distances(moved, norm), one[norm].data, { relative: 0.01 });
        assert.equal(distances(moved, norm)[MISCLASSIFIED], 0);
        assertFooled(moved);
      }));
  }
});

describe('carliniWagner', () => {
  for (const [name, one] of casesOf('cw-l2')) {
    test(`${name}: images as near`, () =>
      inTidy(() => {
        const confidence = one.params.confidence ?? 0;
        const moved = nearest({ name: 'carliniWagner', confidence }, 'l2');
        assertFooled(moved);
        for (const [i, distance] of distances(moved, 'l2').entries()) {
          assert.ok(distance <= 1.05 * (one.l2.data[i] as number) + 1e-5, `image ${i}: ${distance}`);
        }
        if (confidence === 0) return;
        const leads = judge({ ...target(), loss: lossOf('margin') }, moved).losses;
        assert.ok(
          leads.every((lead) => lead >= confidence * (1 - 1e-3)),
          `${leads}`,
        );
      }));
  }
});

describe('jsma', () => {
  for (const [name, one] of casesOf('jsma')) {
    test(`${name}: the same images where it reaches its goal`, () =>
      inTidy(() => {
        const { theta, gamma } = one.params;
        const goals = tensorOf(net.stored.target_labels);
        const moved = nearest({ name: 'jsma', theta: theta, gamma: gamma }, 'l0', goals);
        const counts = distances(moved, 'l0');
        const size = 16 * 16 * 3;
        for (const [i, goal] of Array.from(goals.dataSync()).entries()) {
          const reached = one.predictions.data[i] === goal;
          assert.equal(predicted(moved)[i] === goal, reached, `image ${i}`);
          // Where it does not, ours gives the clean image back.
          assert.equal(counts[i], reached ? one.l0.data[i] : 0);
          const expected = (reached ? one.adversarial : net.stored.inputs).data.slice(
            i * size,
            (i + 1) * size,
          );
          assertClose(moved.dataSync().slice(i * size, (i + 1) * size), expected, { absolute: 1e-6 });
        }
      }));
  }
});

describe('apgd', () => {
  for (const [name, one] of casesOf('apgd')) {
    test(`${name}: as high a loss, and in linf the same images where the reference is stable`, () =>
      inTidy(() => {
        const { eps, n_iter, loss, norm } = one.params;
        const attack = createAttack({
          name: 'apgd',
          steps: n_iter,
          loss: loss === 'dlr' ? 'dlr' : 'crossEntropy',
          randomStart: false,
        });
        const threat = { norm: norm === 'L2' ? 'l2' : 'linf', epsilon: eps } as const;
        const { score: _, ...byLoss } = target();
        const moved = craft(attack, net.images, byLoss, threat, createRandom(1));
        const raised = judge({ ...byLoss, loss: loss === 'dlr' ? dlr : byLoss.loss }, moved).losses;
        for (const [i, best] of one.best_loss.data.entries()) {
          assert.ok(
            (raised[i] as number) >= best - 1e-3 * Math.abs(best),
            `image ${i}: ${raised[i]}, not ${best}`,
          );
        }
        const right = craft(attack, net.images, target(), threat, createRandom(1));
        assert.deepEqual(
          Array.from(score(net.logits(right), net.labels)),
          one.still_correct_over_all_iterations,
        );
        // In l2, one step size halved a check earlier, for rounding, moves pixels by 1e-4: there the losses count.
        if (threat.norm === 'linf') assertNearlyAll(moved.dataSync(), one);
      }));
  }
});

describe('apgd in l1, from the same start', () => {
  const { startDeltas, cases } = golden<{
    startDeltas: Record<string, Stored>;
    cases: Record<string, Case>;
  }>('apgd-l1');
  for (const [
    name,
    { params, best_loss: theirs, still_correct_over_all_iterations: right },
  ] of Object.entries(cases)) {
    test(`${name}: losses as high in the mean, and as many fooled`, () =>
      inTidy(() => {
        const start = net.images.add<tf.Tensor4D>(tensorOf(startDeltas[`eps${params.eps}`] as Stored));
        const loss = params.loss === 'dlr' ? dlr : crossEntropy;
        const threat = { norm: 'l1', epsilon: params.eps } as const;
        const run = (under: Target) => {
          const context = createContext(net.images, under, threat, createRandom(1));
          return autoPgd(start, net.images, context, { steps: params.n_iter, rho: 0.75 }, () => loss);
        };
        const { score: _, ...byLoss } = target();
        const { images, verdict } = run(byLoss);
        const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b);
        const slack = 0.01 * sum(theirs.data.map(Math.abs));
        assert.ok(
          sum(verdict.losses) >= sum(theirs.data) - slack,
          `${verdict.losses}, theirs ${theirs.data}`,
        );
        for (const distance of distances(images, 'l1')) assert.ok(distance <= params.eps * (1 + 1e-5));
        assert.ok(sum(run(target()).verdict.scores) <= sum(right));
      }));
  }
});

describe('where only strength can be compared', () => {
  const soft = golden<{
    'FAB minimum norms (autoattack)': Record<'Linf' | 'L2', { norm_per_sample: Stored }>;
    'Square attack robust accuracy (autoattack, random: statistical reference only)': Record<
      string,
      { 'robust_accuracy_per_seed_0..4': number[] }
    >;
  }>('soft-references');

  for (const [norm, key] of [
    ['linf', 'Linf'],
    ['l2', 'L2'],
  ] as const) {
    test(`fab in ${norm}: as near`, () =>
      inTidy(() => {
        const theirs = soft['FAB minimum norms (autoattack)'][key].norm_per_sample.data;
        for (const targets of [0, 4]) {
          const moved = nearest({ name: 'fab', targets }, norm);
          assertFooled(moved);
          const ours = distances(moved, norm);
          for (const [i, distance] of theirs.entries()) {
            assert.ok(
              (ours[i] as number) <= 1.01 * distance + 1e-6,
              `image ${i}: ${ours[i]}, not ${distance}`,
            );
          }
        }
      }));
  }

  for (const norm of ['linf', 'l2', 'l1'] as const) {
    test(`fab in ${norm}: further runs begin within half of the way to what is found, if it is, and never lose it`, () =>
      inTidy(() => {
        const seen: { values: Float32Array; shape: tf.Tensor4D['shape'] }[] = [];
        const logits = (images: tf.Tensor4D) => {
          seen.push({ values: images.dataSync<'float32'>().slice(), shape: images.shape });
          return net.logits(images);
        };
        const run = (restarts: number) => {
          const attack = createAttack({ name: 'fab', steps: 1, overshoot: 1.5, restarts });
          return nearestOf(attack, net.images, { ...target(), logits }, norm, createRandom(1), gradientLog());
        };
        const once = distances(run(1), norm);
        seen.length = 0;
        const twice = distances(run(2), norm);
        for (const [i, distance] of twice.entries()) assert.ok(distance <= (once[i] as number));
        // The clean images, the borders there, what the first step made; then the borders of the second run.
        const [, clean, , begun] = seen.map(({ values, shape }) => tf.tensor4d(values, shape));
        const away = createBall(clean as tf.Tensor4D, { norm, epsilon: 0 }).distances(begun as tf.Tensor4D);
        // The last image is wrong when clean, and is left alone.
        assert.equal(away.length, once.length - 1);
        assert.ok(Math.max(...away) > 0);
        // Where nothing is found: within half of the default of the authors' code.
        const nothing = { linf: 0.3, l2: 1, l1: 5 }[norm];
        for (const [i, distance] of away.entries()) {
          assert.ok(distance > 0 && distance <= (once[i] || nothing) / 2 + 1e-6, `${distance} of ${once[i]}`);
        }
      }));
  }

  for (const [key, { 'robust_accuracy_per_seed_0..4': theirs }] of Object.entries(
    soft['Square attack robust accuracy (autoattack, random: statistical reference only)'],
  )) {
    test(`square, ${key}: fools as many`, () =>
      inTidy(() => {
        const [norm, epsilon] = key.split('_eps') as [string, string];
        const threat = { norm: norm === 'L2' ? 'l2' : 'linf', epsilon: Number(epsilon) } as const;
        const attack = createAttack({ name: 'square', queries: 1000 });
        const ours = [0, 1, 2].map((seed) => {
          const moved = craft(attack, net.images, target(), threat, createRandom(seed));
          return score(net.logits(moved), net.labels).reduce((a, b) => a + b) / 8;
        });
        const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
        assert.ok(mean(ours) <= mean(theirs) + 0.05, `${ours}, not ${theirs}`);
      }));
  }
});
