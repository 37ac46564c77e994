import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {
  type AdamAttributes,
  applyAdam,
  applyMomentum,
  applyRmsProp,
  gradientNorm,
  type MomentumAttributes,
  type Move,
  type RmsPropAttributes,
} from '../../../src/engine/ops/optimizer-steps.ts';
import { assertClose, noTensorLeak } from '../../support.ts';
import { engines } from '../engines.ts';

/** Two weights, so that a step has more than one to move. */
const starts = [
  [0.5, -1.25, 2, 0, 1e-3, -3],
  [1, 0.25],
];
const weightDecays = [0.1, 0];
/** Gradients that change sign and size from step to step, one of them always 0. */
const gradientsAt = (step: number) =>
  starts.map((start, w) =>
    start.map((_, i) => (i === 3 ? 0 : Math.fround(Math.sin(step * (i + 1) + w) * 10 ** (i - 3)))),
  );

const shared = { learningRate: 0.01, clipValue: 0, gradientScale: 1, averageKept: 0.9 };
const adamDefaults = { ...shared, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decoupled: true };
const momentumDefaults = { ...shared, momentum: 0.9, nesterov: false };
const rmsPropDefaults = { ...shared, decay: 0.9, momentum: 0.5, epsilon: 1e-3 };

/** How one element moves, in float64: `slots` are updated, the new weight is returned. */
type Rule = (weight: number, slots: number[], gradient: number, weightDecay: number, step: number) => number;

function adamRule({ learningRate, beta1, beta2, epsilon, decoupled }: Omit<AdamAttributes, 'step'>): Rule {
  return (weight, slots, gradient, weightDecay, step) => {
    const g = decoupled ? gradient : gradient + weightDecay * weight;
    slots[0] = beta1 * slots[0]! + (1 - beta1) * g;
    slots[1] = beta2 * slots[1]! + (1 - beta2) * g ** 2;
    const [mean, square] = [slots[0] / (1 - beta1 ** step), slots[1] / (1 - beta2 ** step)];
    const kept = decoupled ? weight * (1 - learningRate * weightDecay) : weight;
    return kept - (learningRate * mean) / (Math.sqrt(square) + epsilon);
  };
}

function momentumRule({ learningRate, momentum, nesterov }: MomentumAttributes): Rule {
  return (weight, slots, gradient, weightDecay) => {
    const g = gradient + weightDecay * weight;
    slots[0] = momentum * slots[0]! + g;
    return weight - learningRate * (nesterov ? g + momentum * slots[0] : slots[0]);
  };
}

function rmsPropRule({ learningRate, decay, momentum, epsilon }: RmsPropAttributes): Rule {
  return (weight, slots, gradient, weightDecay) => {
    const g = gradient + weightDecay * weight;
    slots[0] = decay * slots[0]! + (1 - decay) * g ** 2;
    slots[1] = momentum * slots[1]! + (learningRate * g) / Math.sqrt(slots[0] + epsilon);
    return weight - slots[1];
  };
}

/** Weights, then averages, after 20 steps in float64. */
function reference(rule: Rule, slots: number, { clipValue, gradientScale, averageKept }: typeof shared) {
  const weights = starts.map((start) => [...start]);
  const averages = starts.map((start) => [...start]);
  const state = starts.map((start) => start.map(() => new Array<number>(slots).fill(0)));
  for (let step = 1; step <= 20; step++) {
    for (const [w, gradients] of gradientsAt(step).entries()) {
      for (const [i, raw] of gradients.entries()) {
        const cut = clipValue > 0 ? Math.max(-clipValue, Math.min(clipValue, raw)) : raw;
        const moved = rule(weights[w]![i]!, state[w]![i]!, cut * gradientScale, weightDecays[w]!, step);
        weights[w]![i] = moved;
        averages[w]![i] = averageKept * averages[w]![i]! + (1 - averageKept) * moved;
      }
    }
  }
  return [...weights, ...averages];
}

const variable = (values: readonly number[]) => tf.tidy(() => tf.variable(tf.tensor1d([...values])));

/** The same on the engine. */
function run(slots: number, averaged: boolean, apply: (moves: Move[], step: number) => void): Float32Array[] {
  const state = starts.map((start, w) => ({
    variable: variable(start),
    slots: Array.from({ length: slots }, () => variable(start.map(() => 0))),
    ...(averaged && { average: variable(start) }),
    weightDecay: weightDecays[w]!,
  }));
  for (let step = 1; step <= 20; step++) {
    tf.tidy(() => {
      const gradients = gradientsAt(step).map((values) => tf.tensor1d(values));
      apply(
        state.map((parts, w) => ({ ...parts, gradient: gradients[w]! })),
        step,
      );
    });
  }
  const results = [
    ...state.map(({ variable }) => variable),
    ...state.flatMap(({ average }) => average ?? []),
  ].map((result) => Float32Array.from(result.dataSync()));
  tf.dispose(state.map(({ variable, slots, average }) => [variable, slots, average ?? []]));
  return results;
}

/** Twenty roundings of float32 state. */
const precision = { relative: 1e-5, absolute: 1e-6 };

function assertFollows(found: Float32Array[], expected: number[][]): void {
  for (const [i, values] of found.entries()) assertClose(values, expected[i]!, precision);
}

const adams = [
  {},
  { decoupled: false },
  { beta1: 0.5, beta2: 0.9, epsilon: 1e-3 },
  { clipValue: 0.5, gradientScale: 0.25 },
];
const momenta = [{}, { nesterov: true }, { clipValue: 0.5, gradientScale: 0.25, nesterov: true }];
const rmsProps = [{}, { momentum: 0, epsilon: 1 }, { clipValue: 0.5, gradientScale: 0.25 }];

for (const engine of engines) {
  describe(`optimizer steps on ${engine.name}`, () => {
    before(() => engine.use());

    for (const averaged of [false, true]) {
      const what = averaged ? 'with averages' : 'without averages';
      for (const overrides of adams) {
        test(`Adam equals float64 over 20 steps ${what}: ${JSON.stringify(overrides)}`, async () => {
          const attributes = { ...adamDefaults, ...overrides };
          await noTensorLeak(() => {
            const found = run(2, averaged, (moves, step) => applyAdam(moves, { ...attributes, step }));
            assertFollows(found, reference(adamRule(attributes), 2, attributes));
          });
        });
      }
      for (const overrides of momenta) {
        test(`momentum equals float64 over 20 steps ${what}: ${JSON.stringify(overrides)}`, async () => {
          const attributes = { ...momentumDefaults, ...overrides };
          await noTensorLeak(() => {
            const found = run(1, averaged, (moves) => applyMomentum(moves, attributes));
            assertFollows(found, reference(momentumRule(attributes), 1, attributes));
          });
        });
      }
      for (const overrides of rmsProps) {
        test(`RMSProp equals float64 over 20 steps ${what}: ${JSON.stringify(overrides)}`, async () => {
          const attributes = { ...rmsPropDefaults, ...overrides };
          await noTensorLeak(() => {
            const found = run(2, averaged, (moves) => applyRmsProp(moves, attributes));
            assertFollows(found, reference(rmsPropRule(attributes), 2, attributes));
          });
        });
      }
    }

    test('the norm is that of all gradients together, cut where that is asked for', () =>
      noTensorLeak(() =>
        tf.tidy(() => {
          const gradients = [tf.tensor1d([3, -4]), tf.tensor2d([[12]]), tf.zeros([0]), tf.fill([20000], 0.5)];
          assertClose([gradientNorm(gradients, 0)], [Math.sqrt(169 + 5000)]);
          assertClose([gradientNorm(gradients, 3)], [Math.sqrt(27 + 5000)]);
          assert.equal(gradientNorm([], 0), 0);
          assert.ok(Number.isNaN(gradientNorm([tf.tensor1d([Number.NaN, 1])], 1)));
        }),
      ));

    test('a step of nothing does nothing', () => {
      applyAdam([], { ...adamDefaults, step: 1 });
    });

    test('clones of the variables keep their values', () => {
      tf.tidy(() => {
        const start = starts[0]!;
        const [weight, m, v, average] = [start, [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], start].map(variable);
        const all = [weight!, m!, v!, average!];
        const clones = all.map((state) => tf.clone(state));
        const gradient = tf.tensor1d(gradientsAt(1)[0]!);
        const move = { variable: weight!, gradient, average: average!, weightDecay: 0 };
        applyAdam([{ ...move, slots: [m!, v!] }], { ...adamDefaults, step: 1 });
        applyMomentum([{ ...move, slots: [m!] }], momentumDefaults);
        applyRmsProp([{ ...move, slots: [m!, v!] }], rmsPropDefaults);
        clones.forEach((clone, i) => {
          const before = i === 0 || i === 3 ? start.map(Math.fround) : start.map(() => 0);
          assert.deepEqual([...clone.dataSync()], before);
        });
        assert.ok(all.every((state, i) => state.dataSync()[0] !== clones[i]!.dataSync()[0]));
        tf.dispose(all);
      });
    });

    test('the array that a variable was made from keeps its values', () => {
      tf.tidy(() => {
        const source = Float32Array.from(starts[0]!);
        const weight = tf.variable(tf.tensor1d(source));
        const velocity = tf.variable(tf.zerosLike(weight));
        const gradient = tf.tensor1d(gradientsAt(1)[0]!);
        applyMomentum([{ variable: weight, slots: [velocity], gradient, weightDecay: 0 }], momentumDefaults);
        assert.deepEqual([...source], starts[0]!.map(Math.fround));
        assert.notDeepEqual([...weight.dataSync()], [...source]);
        tf.dispose([weight, velocity]);
      });
    });
  });
}
