// Filters of which copies are kept give what they give without, forward and backward, until they are disposed of.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../../src/engine/engine.ts';
import { loadBinding } from '../../../src/engine/onednn/binding.ts';
import { keepFilter } from '../../../src/engine/ops/kept-filters.ts';
import { relativeToMaximum } from '../../support.ts';
import { describeNative, nativeBackend, normals } from './support.ts';

interface Case {
  readonly x: [number, number, number, number];
  readonly filter: [number, number, number];
  readonly stride?: number;
}

// Each way that a convolution may take, by pixels, channels and strides.
const cases: Case[] = [
  { x: [2, 12, 14, 16], filter: [3, 3, 24] },
  { x: [2, 4, 4, 32], filter: [3, 3, 40] },
  { x: [2, 2, 2, 64], filter: [3, 3, 64] },
  { x: [2, 8, 8, 64], filter: [3, 3, 64], stride: 2 },
  { x: [2, 4, 4, 64], filter: [3, 3, 64], stride: 2 },
  { x: [2, 4, 4, 32], filter: [1, 1, 48] },
  { x: [2, 4, 4, 32], filter: [1, 1, 64], stride: 2 },
  { x: [1, 20, 20, 32], filter: [1, 1, 16] },
  { x: [2, 9, 9, 3], filter: [5, 3, 8] },
  { x: [1, 6, 7, 5], filter: [2, 3, 7] },
];

const describeCase = ({ x, filter, stride = 1 }: Case) => `[${x}] by [${filter}], stride ${stride}`;

/** y and dx, by a filter that is kept or one that is not; twice, the second time from the copies. */
function run({ x, filter, stride = 1 }: Case, kept: boolean): Float32Array[] {
  return tf.tidy(() => {
    const images = normals('x', x) as tf.Tensor4D;
    const [height, width, outputs] = filter;
    const values = normals('filter', [height, width, x[3], outputs]) as tf.Tensor4D;
    const copy = values.dataSync() as Float32Array;
    const taps = kept ? keepFilter(values, () => copy) : values;
    const once = () => {
      const y = tf.conv2d(images, taps, stride, 'same');
      const dy = normals('dy', y.shape);
      const dx = tf.grad((image) => tf.conv2d(image as tf.Tensor4D, taps, stride, 'same'))(images, dy);
      return [y, dx];
    };
    return [...once(), ...once()].map((tensor) => tensor.dataSync() as Float32Array);
  });
}

function assertSame(one: Case, tolerance: number): void {
  const [plain, kept] = [run(one, false), run(one, true)];
  for (const [index, what] of ['y', 'dx', 'y again', 'dx again'].entries()) {
    const difference = relativeToMaximum(kept[index]!, plain[index]!);
    assert.ok(difference < tolerance, `${what}: relative difference ${difference}`);
  }
}

describeNative('a kept filter', () => {
  for (const one of cases) it(`convolves ${describeCase(one)}`, () => assertSame(one, 1e-5));

  describe('in bf16', { skip: loadedBf16() ? false : 'this processor has no bfloat16' }, () => {
    before(() => useEngine('onednn', { precision: 'bf16' }));
    after(() => useEngine('onednn'));
    // Either may have been rounded to 8 bits where the other was not.
    for (const one of cases) it(`convolves ${describeCase(one)}`, () => assertSame(one, 2 ** -7));
  });

  it('is not mistaken for another of the same shape', () => {
    tf.tidy(() => {
      const x = normals('x', [1, 9, 9, 8]) as tf.Tensor4D;
      const filters = ['a', 'b'].map((name) => {
        const filter = normals(name, [3, 3, 8, 8]) as tf.Tensor4D;
        const values = filter.dataSync() as Float32Array;
        return keepFilter(filter, () => values);
      });
      for (const filter of [...filters, ...filters]) {
        const changing = tf.tensor(filter.dataSync(), filter.shape) as tf.Tensor4D;
        const [kept, plain] = [filter, changing].map((taps) => tf.conv2d(x, taps, 1, 'same').dataSync());
        assert.ok(relativeToMaximum(kept!, plain!) < 1e-5);
      }
    });
  });

  describe('by oneDNN', { skip: hasOneDnn() ? false : 'the native engine is built without oneDNN' }, () => {
    const geometry = Int32Array.of(1, 9, 9, 8, 8, 3, 3, 9, 9, 1, 1, 1, 1, 1, 1, 0);
    const convolve = (filter: Float32Array | null, kept: Int32Array) => {
      const [x, y] = [new Float32Array(648).fill(1), new Float32Array(648)];
      nativeBackend().native.conv2d(x, filter, null, y, geometry, false, kept);
      return { y, answer: kept[1] };
    };

    it('gives up its values once there are copies, and has them again when they are read', () => {
      tf.tidy(() => {
        const filter = normals('filter', [3, 3, 8, 8]) as tf.Tensor4D;
        const values = filter.dataSync() as Float32Array;
        let made = 0;
        keepFilter(filter, () => {
          made++;
          return values.slice();
        });
        tf.conv2d(normals('x', [1, 9, 9, 8]) as tf.Tensor4D, filter, 1, 'same');
        assert.equal(nativeBackend().valuesAtHand(filter), null);
        assert.deepEqual(filter.dataSync(), values);
        assert.equal(made, 1);
      });
    });

    it('says whether it needs the values', () => {
      const number = new Int32Array(1);
      nativeBackend().native.keepFilter(number);
      const kept = () => Int32Array.of(number[0]!, 0);
      const ones = new Float32Array(576).fill(1);
      assert.equal(convolve(null, kept()).answer, 2);
      const first = convolve(ones, kept());
      const second = convolve(null, kept());
      assert.deepEqual([first.answer, second.answer], [0, 0]);
      assert.deepEqual(second.y, first.y);
      assert.equal(convolve(ones, Int32Array.of(0, 0)).answer, 1);
      nativeBackend().native.releaseFilter(number[0]!);
      assert.throws(() => convolve(ones, kept()), /filter \d+ is not kept/);
    });

    it('is released with its tensor', () => {
      const filter = tf.ones([3, 3, 8, 8]) as tf.Tensor4D;
      keepFilter(filter, () => new Float32Array(576).fill(1));
      const number = nativeBackend().keptNumber(filter);
      assert.ok(number > 0);
      assert.equal(nativeBackend().keptNumber(filter), number);
      filter.dispose();
      assert.throws(() => convolve(null, Int32Array.of(number, 0)), /filter \d+ is not kept/);
    });
  });
});

function loadedBf16(): boolean {
  try {
    return loadBinding().build.bf16;
  } catch {
    return false;
  }
}

function hasOneDnn(): boolean {
  try {
    return loadBinding().build.oneDnn !== '';
  } catch {
    return false;
  }
}
