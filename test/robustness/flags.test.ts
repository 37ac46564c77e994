import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as tf from '@tensorflow/tfjs';
import type { Attack } from '../../src/attacks/attack.ts';
import { createAttack } from '../../src/attacks/create.ts';
import type { NormName } from '../../src/attacks/threat.ts';
import { transferred } from '../../src/attacks/transfer.ts';
import { gradientLog } from '../../src/attacks/watch.ts';
import { isApart } from '../../src/robustness/apart.ts';
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

test('a search without gradients is no noise', () => {
  const square = measured('square', [0.9, 0.2, 0.1], { gradients: 0 });
  const [flags] = raiseFlags([measured('pgd', [0.9, 0.5, 0.25]), square]);
  assert.deepEqual(flags, []);
});

test('an attack on another net, for all images or with another aim is compared with none', () => {
  const fgsm = measured('fgsm', [0.9, 0.5, 0.4], { singleStep: true });
  const noise = measured('gaussianNoise', [0.9, 0.6, 0.6], { gradients: 0, singleStep: true });
  const { curve, track } = measured('other', [0.9, 0.8, 0.8], { raw: [0.9, 0.7, 0.8] });
  const apart = { curve, track: { ...track, apart: true } };
  assert.deepEqual(raiseFlags([fgsm, noise, apart]), [[], [], []]);
  assert.deepEqual(namesOf(raiseFlags([fgsm, noise, { curve, track }])), [
    [],
    [],
    ['raw-rises', 'noise-wins', 'single-step-wins'],
  ]);
  const single = measured('transfer-fgsm', [0.9, 0.2, 0.1], { singleStep: true });
  const elsewhere = { ...single, track: { ...single.track, apart: true } };
  assert.deepEqual(raiseFlags([measured('pgd', [0.9, 0.5, 0.4]), elsewhere]), [[], []]);
});

test('apart are attacks with another aim, on another net, or for other norms', () => {
  const net = { logits: (images: tf.Tensor4D) => images };
  const apart: [Attack, NormName][] = [
    [transferred(createAttack({ name: 'pgd' }), net), 'linf'],
    [createAttack({ name: 'universal' }), 'linf'],
    [createAttack({ name: 'dag', towards: 'swap' }), 'linf'],
    [createAttack({ name: 'segPgd', pixels: 'foreground' }), 'linf'],
    [createAttack({ name: 'asma' }), 'l2'],
    [createAttack({ name: 'jsma' }), 'l2'],
  ];
  for (const [attack, norm] of apart) assert.ok(isApart(attack, norm), attack.name);
  for (const choice of [{ name: 'pgd' }, { name: 'dag' }, { name: 'gaussianNoise' }] as const)
    assert.ok(!isApart(createAttack(choice), 'linf'));
  assert.ok(!isApart(createAttack({ name: 'jsma' }), 'l0'));
});
