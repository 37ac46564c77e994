import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../src/random.ts';
import { intervalOf } from '../../src/robustness/interval.ts';
import { assertClose } from '../support.ts';

const binary = (hits: number, of: number) => Array.from({ length: of }, (_, i) => (i < hits ? 1 : 0));

test('of a proportion is that of Wilson', () => {
  // Worked by hand from the formula with z = 1.959964: 8 of 10, 0 of 20, 20 of 20.
  for (const [hits, of, low, high] of [
    [8, 10, 0.490162, 0.943318],
    [0, 20, 0, 0.161125],
    [20, 20, 0.838875, 1],
  ] as const) {
    const interval = intervalOf(binary(hits, of));
    assertClose([interval.low, interval.high], [low, high], { absolute: 1e-5 });
  }
});

test('of other scores is that of Student, cut to [0, 1]', () => {
  // Mean 0.7, standard deviation 0.158114, t(4) = 2.776.
  const interval = intervalOf([0.5, 0.6, 0.7, 0.8, 0.9]);
  assertClose([interval.low, interval.high], [0.7 - 0.196293, 0.7 + 0.196293], { absolute: 1e-4 });
  assert.equal(intervalOf([0.2, 0.99]).high, 1);
  // t(9) = 2.262157 and t(30) = 2.042272, from tables; the standard deviation of −1, 1, … in thousandths.
  for (const [n, t] of [
    [10, 2.262157],
    [31, 2.042272],
  ] as const) {
    const scores = Array.from({ length: n }, (_, i) => 0.5 + (i - (n - 1) / 2) / 1000);
    const deviation = Math.sqrt(scores.reduce((sum, score) => sum + (score - 0.5) ** 2, 0) / (n - 1));
    const half = (t * deviation) / Math.sqrt(n);
    assertClose([intervalOf(scores).high], [0.5 + half], { absolute: half * 1e-3 });
  }
});

test('holds the mean, says nothing of no scores and little of one', () => {
  assert.ok(Number.isNaN(intervalOf([]).low));
  for (const scores of [[1], [0], [0.4], [0.7, 0.7, 0.7], [1, 1, 1]]) {
    const { low, high } = intervalOf(scores);
    const mean = scores.reduce((a, b) => a + b) / scores.length;
    assert.ok(
      low <= mean + 1e-12 && mean - 1e-12 <= high && high - low > 0.4,
      `${scores}: ${low} to ${high}`,
    );
  }
});

test('covers the true mean about 95 times in 100', () => {
  const random = createRandom(11);
  const draws = {
    proportion: () => (random.uniform() < 0.8 ? 1 : 0),
    other: () => 0.6 + 0.2 * random.uniform() + 0.2 * random.uniform(),
  };
  for (const draw of Object.values(draws)) {
    let covered = 0;
    for (let i = 0; i < 1000; i++) {
      const { low, high } = intervalOf(Array.from({ length: 40 }, draw));
      if (low <= 0.8 && 0.8 <= high) covered++;
    }
    // 950 ± 7; four of these, and as much again for Wilson's discreteness.
    assert.ok(covered > 920 && covered < 985, `${covered}`);
  }
});
