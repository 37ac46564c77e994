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
    const taps = kept ? keepFilter(values) : values;
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
      const filters = ['a', 'b'].map((name) => keepFilter(normals(name, [3, 3, 8, 8]) as tf.Tensor4D));
      for (const filter of [...filters, ...filters]) {
        const changing = tf.tensor(filter.dataSync(), filter.shape) as tf.Tensor4D;
        const [kept, plain] = [filter, changing].map((taps) => tf.conv2d(x, taps, 1, 'same').dataSync());
        assert.ok(relativeToMaximum(kept!, plain!) < 1e-5);
      }
    });
  });

  it('is released with its tensor, and its number is refused from then on', { skip: !hasOneDnn() }, () => {
    const backend = nativeBackend();
    const filter = keepFilter(tf.ones([3, 3, 8, 8]) as tf.Tensor4D);
    const number = backend.keptNumber(filter);
    assert.ok(number > 0);
    assert.equal(backend.keptNumber(filter), number);
    const geometry = Int32Array.of(1, 9, 9, 8, 8, 3, 3, 9, 9, 1, 1, 1, 1, 1, 1, 0);
    const convolve = () => {
      const [x, y] = [new Float32Array(648), new Float32Array(648)];
      backend.native.conv2d(x, new Float32Array(576), null, y, geometry, false, number);
    };
    convolve();
    filter.dispose();
    assert.throws(convolve, /filter \d+ is not kept/);
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
