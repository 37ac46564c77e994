// Which pixels of a segmentation are attacked, and what the net shall take them for.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Target } from '../../src/attacks/attack.ts';
import { craft } from '../../src/attacks/craft.ts';
import { type AttackChoice, createAttack } from '../../src/attacks/create.ts';
import { type AimOptions, aimOf, aimOptions } from '../../src/attacks/pixel-aim.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { UsageError } from '../../src/errors.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { noTensorLeak } from '../support.ts';

before(() => useEngine('auto'));

/** Rows of a class map of one image, as strings of digits; `.` is -1. */
function mapOf(...rows: string[]): tf.Tensor {
  const values = rows.flatMap((row) => [...row].map((digit) => (digit === '.' ? -1 : Number(digit))));
  return tf.tensor(values, [1, rows.length, rows[0]?.length ?? 0], 'int32');
}

function rowsOf(map: tf.Tensor): string[] {
  const width = map.shape[2] as number;
  const digits = Array.from(map.dataSync(), (value) => (value < 0 ? '.' : `${value}`));
  return Array.from({ length: map.shape[1] as number }, (_, row) =>
    digits.slice(row * width, (row + 1) * width).join(''),
  );
}

const aimed = (labels: tf.Tensor, classes: number, options: Partial<AimOptions>, goals?: tf.Tensor) =>
  aimOf({ ...aimOptions, ...options }, goals ? { goals } : {}).at(goals ?? labels, classes);

describe('maps', () => {
  const cases: [string, Partial<AimOptions>, string[], number, string[]][] = [
    ['away, all', {}, ['012', '0.2'], 3, ['012', '0.2']],
    ['away, foreground', { pixels: 'foreground' }, ['012', '0.2'], 3, ['.12', '..2']],
    ['away, one organ', { pixels: '2' }, ['012', '0.2'], 3, ['..2', '..2']],
    ['a label ignored', { ignoreLabel: 2 }, ['012', '0.2'], 3, ['01.', '0..']],
    ['background', { towards: 'background' }, ['012', '0.2'], 3, ['000', '0.0']],
    ['the background of an organ', { towards: 'background', pixels: '1' }, ['012'], 3, ['.0.']],
    ['swapped', { towards: 'swap' }, ['0123', '.312'], 4, ['0231', '.123']],
    ['swapped, with one foreground class', { towards: 'swap' }, ['01.'], 2, ['10.']],
    [
      'dilated',
      { towards: 'dilate', dilated: 2, radius: 1 },
      ['00000', '00201', '1000.'],
      3,
      ['02220', '02221', '1222.'],
    ],
  ];
  for (const [name, options, labels, classes, expected] of cases) {
    test(name, () =>
      noTensorLeak(() =>
        tf.tidy(() => {
          assert.deepEqual(rowsOf(aimed(mapOf(...labels), classes, options).map), expected);
        }),
      ),
    );
  }

  test('goals of a targeted attack stand for themselves', () =>
    noTensorLeak(() =>
      tf.tidy(() => {
        const { map } = aimed(mapOf('012'), 3, { towards: 'background', pixels: '1' }, mapOf('21.'));
        assert.deepEqual(rowsOf(map), ['21.']);
      }),
    ));

  test('weights are those of the class on the map, and 0 where there is none', () =>
    noTensorLeak(() =>
      tf.tidy(() => {
        const classWeights = [1, 2, 4] as unknown as AimOptions['classWeights'];
        assert.deepEqual(
          Array.from(aimed(mapOf('012.'), 3, { classWeights }).weights.dataSync()),
          [1, 2, 4, 0],
        );
        assert.deepEqual(Array.from(aimed(mapOf('012.'), 3, {}).weights.dataSync()), [1, 1, 1, 0]);
        assert.throws(() => aimed(mapOf('01'), 2, { classWeights }), UsageError);
      }),
    ));
});

/** Each pixel by itself: class 1 from 0.5 on, 2 from 0.8. */
const pixelwise = (images: tf.Tensor4D) =>
  tf.concat([images.mul(-2).add(1), images.sub(0.5).mul(8), images.sub(0.6).mul(12)], 3);

const attacks: [AttackChoice, 'linf' | 'l2'][] = [
  [{ name: 'segPgd', steps: 4, randomStart: false }, 'linf'],
  [{ name: 'cosPgd', steps: 4, randomStart: false }, 'linf'],
  [{ name: 'sea', steps: 8, randomStart: false }, 'linf'],
  [{ name: 'dag', stepSize: 0.02 }, 'linf'],
  [{ name: 'dag', stepSize: 0.02 }, 'l2'],
  [{ name: 'segBisection', rounds: 3, steps: 5 }, 'linf'],
  [{ name: 'asma', steps: 20, beta: 0.01, tau: 0.01 }, 'l2'],
];

for (const [choice, norm] of attacks) {
  const attack = (options: Partial<AimOptions>) => createAttack({ ...choice, ...options } as AttackChoice);
  describe(`${choice.name} in ${norm}`, () => {
    const run = (options: Partial<AimOptions>) => {
      const images = tf.tensor4d([0.2, 0.3, 0.55, 0.56, 0.9, 0.95], [1, 2, 3, 1]);
      const target: Target = { logits: pixelwise, labels: mapOf('001', '122'), loss: lossOf('crossEntropy') };
      const moved = craft(attack(options), images, target, { norm, epsilon: 0.3 }, createRandom(1));
      const difference = Array.from(moved.sub(images).dataSync(), (value) => Math.abs(value) > 1e-7);
      return { moved, difference };
    };
    const towards = choice.name === 'asma' ? { towards: 'swap' } : {};

    test('moves the pixels that it is after, and no other', () =>
      noTensorLeak(() =>
        tf.tidy(() => {
          const foreground = run({ pixels: 'foreground', ...towards }).difference;
          assert.deepEqual(foreground.slice(0, 2), [false, false]);
          assert.ok(foreground.includes(true), 'moves something');
          const organ = run({ pixels: '2', ...towards }).difference;
          assert.deepEqual(organ.slice(0, 4), [false, false, false, false]);
          assert.ok(organ.includes(true), 'moves something');
          const ignored = run({ ignoreLabel: 2, ...towards }).difference;
          assert.deepEqual(ignored.slice(4), [false, false]);
        }),
      ));

    test('towards the background, pixels of the foreground darken', () =>
      noTensorLeak(() =>
        tf.tidy(() => {
          const { moved } = run({ towards: 'background' });
          const values = moved.dataSync();
          assert.ok(values[2]! < 0.55 && values[3]! < 0.56, `${values}`);
        }),
      ));
  });
}

test('options out of range are refused when the attack is made', () => {
  for (const wrong of [
    { pixels: 'lesion' },
    { towards: 'nowhere' },
    { radius: 0 },
    { dilated: -1 },
    { classWeights: [-1] },
    { ignoreLabel: 0.5 },
  ]) {
    for (const name of ['segPgd', 'cosPgd', 'sea', 'dag', 'asma', 'segBisection'] as const) {
      assert.throws(
        () => createAttack({ name, ...wrong } as AttackChoice),
        UsageError,
        `${name} ${JSON.stringify(wrong)}`,
      );
    }
  }
  assert.throws(() => createAttack({ name: 'asma', towards: 'away' }), /"towards" of asma/);
  assert.throws(() => createAttack({ name: 'sea', losses: ['hinge'] }), /"losses" of sea/);
  assert.throws(() => createAttack({ name: 'sea', radii: [1, 2] }), /"radii" of sea/);
  assert.throws(() => createAttack({ name: 'sea', shares: [1] }), /"shares" of sea/);
  assert.throws(() => createAttack({ name: 'dag', enough: 2 }), /"enough" of dag/);
});
