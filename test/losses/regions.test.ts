import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { UsageError } from '../../src/errors.ts';
import { type LossChoice, lossOf } from '../../src/losses/create.ts';
import { signedDistances } from '../../src/losses/distance-map.ts';
import { createRandom } from '../../src/random.ts';
import { assertClose, noTensorLeak } from '../support.ts';

before(() => useEngine('auto'));

/** The loss of an image of 2 × 3 pixels whose softmax is `certain` to the digit. */
function lossAt(choice: LossChoice, probabilities: number[][], labels: number[]): number {
  return tf.tidy(() => {
    const logits = tf.reshape(tf.log(tf.tensor2d(probabilities)), [1, 2, 3, -1]);
    return lossOf(choice)(logits, tf.tensor3d(labels, [1, 2, 3], 'int32')).dataSync()[0] as number;
  });
}

const labels = [0, 0, 1, 0, 1, 1];
const marked = [0.1, 0.4, 0.8, 0.2, 0.7, 0.6];
const probabilities = marked.map((p) => [1 - p, p]);
const [right, predicted, pixels] = [0.8 + 0.7 + 0.6, 2.8, 3];

test('Tversky weighs what is wrongly marked and what is missed', () =>
  noTensorLeak(() => {
    const [wrong, missed] = [predicted - right, pixels - right];
    const index = (right + 0.5) / (right + 0.2 * wrong + 0.9 * missed + 0.5);
    const choice: LossChoice = { name: 'tversky', alpha: 0.2, beta: 0.9, smooth: 0.5 };
    assertClose([lossAt(choice, probabilities, labels)], [1 - index]);
  }));

test('Tversky of halves is Dice', () =>
  noTensorLeak(() => {
    const halves: LossChoice = { name: 'tversky', alpha: 0.5, beta: 0.5, smooth: 0.5 };
    const dice: LossChoice = { name: 'dice', smooth: 1 };
    assertClose([lossAt(halves, probabilities, labels)], [lossAt(dice, probabilities, labels)]);
  }));

test('generalised Dice weighs classes by the square of their pixels', () =>
  noTensorLeak(() => {
    const uneven = [0, 0, 0, 0, 1, 1];
    const own = 0.7 + 0.6;
    const background = 0.9 + 0.6 + 0.2 + 0.8;
    const weight = (2 / 4) ** 2;
    const above = 2 * (own + weight * background) + 1;
    const below = predicted + 2 + weight * (6 - predicted + 4) + 1;
    assertClose([lossAt('generalisedDice', probabilities, uneven)], [1 - above / below]);
  }));

test('the boundary term is the mean of softmax times signed distance', () =>
  noTensorLeak(() => {
    // Row by row: 0 0 1 / 0 1 1.
    const distances = [Math.SQRT2, 1, 0, 1, 0, 1 - Math.SQRT2];
    const mean = marked.reduce((sum, p, i) => sum + p * (distances[i] as number), 0) / 6;
    assertClose([lossAt({ name: 'boundary', share: 1 }, probabilities, labels)], [mean]);
    const half = lossAt({ name: 'boundary', share: 0.5 }, probabilities, labels);
    assertClose([half], [(mean + lossAt('generalisedDice', probabilities, labels)) / 2]);
  }));

test('signed distances are those of brute force, and none without a border', () => {
  const [height, width] = [9, 7];
  const random = createRandom(5);
  for (const share of [0, 0.05, 0.5, 0.95, 1]) {
    const inside = Uint8Array.from({ length: height * width }, () => (random.uniform() < share ? 1 : 0));
    const nearest = (place: number, value: number) => {
      const all = [...inside.keys()].filter((other) => inside[other] === value);
      const [y, x] = [Math.floor(place / width), place % width];
      return Math.min(...all.map((other) => Math.hypot(Math.floor(other / width) - y, (other % width) - x)));
    };
    const hasBorder = inside.includes(0) && inside.includes(1);
    const expected = Array.from(inside, (value, place) => {
      if (!hasBorder) return 0;
      return value ? 1 - nearest(place, 0) : nearest(place, 1);
    });
    assertClose(signedDistances(inside, height, width), expected);
  }
  assert.deepEqual(signedDistances(new Uint8Array(0), 0, 0), new Float32Array(0));
});

test('the boundary term takes no pixel that does not count for the outside', () =>
  noTensorLeak(() => {
    const choice: LossChoice = { name: 'boundary', share: 1, ignoreLabel: 9 };
    for (const ignored of [-1, 2, 9]) {
      // A region without a border has no distances.
      assert.equal(lossAt(choice, probabilities, [ignored, 1, 1, 1, 1, 1]), 0);
      assert.ok(lossAt(choice, probabilities, [0, ignored, 1, 1, 1, 1]) !== 0);
    }
  }));

test('Dice of a background alone is refused', () =>
  noTensorLeak(() => {
    const single = marked.map(() => [1]);
    for (const name of ['dice', 'diceCrossEntropy'] as const) {
      assert.throws(() => lossAt(name, single, [0, 0, 0, 0, 0, 0]), UsageError);
      assertClose([lossAt({ name, includeBackground: true }, single, [0, 0, 0, 0, 0, 0])], [0]);
    }
  }));
