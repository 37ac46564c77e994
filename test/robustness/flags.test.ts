import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gradientLog } from '../../src/attacks/watch.ts';
import { type Measured, raiseFlags } from '../../src/robustness/flags.ts';

function measured(
  attack: string,
  values: number[],
  changes: { raw?: number[]; gradients?: number; singleStep?: boolean } = {},
): Measured {
  const { raw = values, gradients = 100, singleStep = false } = changes;
  const points = values.map((value, i) => ({ epsilon: i / 10, value, low: 0, high: 1, ssim: 1 }));
  const cost = { gradients, forwards: 200, seconds: 1 };
  return {
    curve: { attack, norm: 'linf', metric: 'accuracy', points, raw, images: 100, area: 0.5, cost, flags: [] },
    track: { singleStep, log: { ...gradientLog(), gradients } },
  };
}
const namesOf = (flags: string[][]) => flags.map((list) => list.map((flag) => flag.split(':')[0]));

test('sound curves raise no flag', () => {
  const noise = measured('gaussianNoise', [0.9, 0.9, 0.88], { gradients: 0, singleStep: true });
  const fgsm = measured('fgsm', [0.9, 0.6, 0.4], { singleStep: true });
  const pgd = measured('pgd', [0.9, 0.5, 0.1]);
  assert.deepEqual(raiseFlags([noise, fgsm, pgd]), [[], [], []]);
});

test('differences of one image raise no flag, of two they do', () => {
  const noise = measured('gaussianNoise', [0.9, 0.58, 0.4], { gradients: 0, singleStep: true });
  const fgsm = measured('fgsm', [0.9, 0.59, 0.4], { singleStep: true, raw: [0.9, 0.59, 0.6] });
  assert.deepEqual(namesOf(raiseFlags([noise, fgsm, measured('pgd', [0.9, 0.59, 0.41])])), [[], [], []]);
  assert.deepEqual(namesOf(raiseFlags([noise, fgsm, measured('pgd', [0.9, 0.61, 0.4])])), [
    [],
    [],
    ['noise-wins', 'single-step-wins'],
  ]);
  const rising = measured('fgsm', [0.9, 0.59, 0.4], { singleStep: true, raw: [0.9, 0.59, 0.61] });
  assert.deepEqual(namesOf(raiseFlags([rising])), [['raw-rises']]);
});

test('a flag says by how much', () => {
  const fgsm = measured('fgsm', [0.9, 0.3, 0.2], { singleStep: true });
  const [, flags] = raiseFlags([fgsm, measured('pgd', [0.9, 0.5, 0.25])]);
  assert.deepEqual(flags, [
    'single-step-wins: at epsilon 0.1, fgsm takes 20 points more than this iterative attack.',
  ]);
});
