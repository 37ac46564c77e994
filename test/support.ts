// What tests share.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';

/** Runs `body` and fails if it left tensors behind. */
export async function noTensorLeak<T>(body: () => T | Promise<T>): Promise<T> {
  const before = tf.memory().numTensors;
  const result = await body();
  assert.equal(tf.memory().numTensors - before, 0, 'tensors left behind');
  return result;
}

/** Every |actual − expected| ≤ absolute + relative · |expected|; NaN never passes. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { relative = 1e-5, absolute = 1e-6, what = 'value' } = {},
): void {
  assert.equal(actual.length, expected.length, `${what}: number of elements`);
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i] as number, expected[i] as number];
    if (!(Math.abs(a - e) <= absolute + relative * Math.abs(e))) {
      assert.fail(`${what}[${i}]: expected ${e}, received ${a} (difference ${Math.abs(a - e)})`);
    }
  }
}

/** The largest |actual − expected|, relative to the largest |expected|: the tolerance of the block fixtures. */
export function relativeToMaximum(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs((actual[i] as number) - (expected[i] as number)));
    largest = Math.max(largest, Math.abs(expected[i] as number));
  }
  return largest === 0 ? difference : difference / largest;
}

/** A folder of real images beside the checkout; tests that use it skip where it is absent. */
export function sharedData(path: string): string | undefined {
  const full = fileURLToPath(new URL(`../../shared/data/${path}`, import.meta.url));
  return existsSync(full) ? full : undefined;
}
