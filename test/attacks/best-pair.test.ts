import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestPair } from '../../src/attacks/best-pair.ts';
import { createRandom } from '../../src/random.ts';

/** The highest product of all pairs; 0 where no pair has both sums above 0. */
function highest(a: Float32Array, b: Float32Array, usable: Uint8Array): number {
  let most = 0;
  for (let p = 0; p < a.length; p++) {
    for (let q = p + 1; q < a.length; q++) {
      if (!usable[p] || !usable[q]) continue;
      const [first, second] = [a[p]! + a[q]!, b[p]! + b[q]!];
      if (first > 0 && second > 0) most = Math.max(most, first * second);
    }
  }
  return most;
}

function assertBest(a: Float32Array, b: Float32Array, usable: Uint8Array): void {
  const pair = bestPair(a, b, usable);
  const most = highest(a, b, usable);
  if (!pair) {
    assert.equal(most, 0);
    return;
  }
  const [p, q] = pair;
  assert.ok(p !== q && usable[p] && usable[q]);
  assert.equal((a[p]! + a[q]!) * (b[p]! + b[q]!), most);
}

test('the pair is that of a search through all pairs', () => {
  const random = createRandom(1);
  for (let i = 0; i < 300; i++) {
    const size = 2 + random.integer(80);
    const [a, b] = [random.normals(size, 0, 1), random.normals(size, 0, 1)];
    // Correlated either way, so that the front is long or short, and sums of one sign or the other are rare.
    const lean = random.uniform() * 2 - 1;
    const shift = random.uniform() * 2 - 1;
    const mixed = b.map((value, k) => value + lean * 3 * a[k]! + shift);
    const usable = Uint8Array.from(a, () => (random.uniform() < 0.8 ? 1 : 0));
    assertBest(a, mixed, usable);
  }
});

test('equal values, zeros and too few values', () => {
  const random = createRandom(2);
  for (let i = 0; i < 200; i++) {
    const size = random.integer(12);
    const coarse = () => Float32Array.from({ length: size }, () => random.integer(3) - 1);
    assertBest(coarse(), coarse(), new Uint8Array(size).fill(1));
  }
  assert.equal(bestPair(new Float32Array(5), new Float32Array(5), new Uint8Array(5).fill(1)), undefined);
  assert.equal(
    bestPair(new Float32Array([1, 1]), new Float32Array([1, 1]), new Uint8Array([1, 0])),
    undefined,
  );
});
