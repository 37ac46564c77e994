import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertAgrees, describeNative, normals, runKernel } from './support.ts';

/** With the numbers it takes: of normal ones. */
const functions: Record<string, (x: tf.Tensor) => tf.Tensor> = {
  Erf: (x) => x,
  Selu: (x) => x,
  Sin: (x) => x,
  Cos: (x) => x,
  Tan: (x) => tf.tanh(x),
  Asin: (x) => tf.tanh(x),
  Acos: (x) => tf.tanh(x),
  Atan: (x) => x,
  Sinh: (x) => x,
  Cosh: (x) => x,
  Asinh: (x) => x,
  Acosh: (x) => tf.add(tf.square(x), 1),
  Atanh: (x) => tf.mul(tf.tanh(x), 0.99),
  IsNan: (x) => x,
  IsInf: (x) => x,
  IsFinite: (x) => x,
};

const combinations = ['Pow', 'Mod', 'Atan2', 'FloorDiv'];

const pairs: [number[], number[]][] = [
  [
    [3, 4, 5],
    [3, 4, 5],
  ],
  [[3, 4, 5], []],
  [[], [3, 4, 5]],
  [[3, 4, 5], [5]],
  [
    [3, 1, 5],
    [1, 4, 1],
  ],
  [
    [1, 3, 1, 5],
    [2, 1, 4, 1],
  ],
  [[], []],
];

const special = [
  0,
  -0,
  1,
  -1,
  2,
  -2.5,
  0.5,
  3,
  1e30,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
];

/** NaN for NaN, infinity for infinity; signs of zeros may differ. */
function assertSame(what: string, run: () => tf.Tensor): void {
  const on = (engine: string) => {
    tf.setBackend(engine);
    return tf.tidy(() => run().dataSync());
  };
  const [expected, actual] = [on('cpu'), on('onednn')];
  for (const [i, value] of [...expected].entries()) {
    const close =
      Object.is(actual[i], value) ||
      actual[i] === value ||
      Math.abs(actual[i]! - value) <= 1e-6 * Math.abs(value);
    assert.ok(close, `${what}[${i}]: expected ${value}, received ${actual[i]}`);
  }
}

describeNative('native functions of elements', () => {
  for (const [name, domain] of Object.entries(functions)) {
    it(name, () => {
      for (const shape of [[], [1], [3, 1, 7], [200, 300]]) {
        const body = () => runKernel(name, { x: domain(normals('x', shape)) });
        // tfjs' erf is right to 1.5e-7.
        assertAgrees(`${shape}`, body, { relative: 1e-5, absolute: 1e-6 });
      }
      if (name !== 'Erf') {
        // A large angle has no digits left.
        const values = special.filter((value) => value !== 1e30);
        assertSame(name, () => runKernel(name, { x: tf.tensor1d(values) }) as tf.Tensor);
      }
    });
  }

  for (const name of combinations) {
    it(name, () => {
      for (const [a, b] of pairs) {
        const left = () => (name === 'Pow' ? tf.abs(normals('a', a)) : tf.mul(normals('a', a), 5));
        const body = () => runKernel(name, { a: left(), b: normals('b', b) });
        assertAgrees(`[${a}] and [${b}]`, body, { relative: 1e-5, absolute: 1e-6 });
      }
      const [a, b] = [special.flatMap((x) => special.map(() => x)), special.flatMap(() => special)];
      assertSame(name, () => runKernel(name, { a: tf.tensor1d(a), b: tf.tensor1d(b) }) as tf.Tensor);
    });
  }

  it('FloorDiv of integers, by zero too', () => {
    const a = () => tf.tensor1d([7, -7, 7, -7, 5, 0, -(2 ** 31), 2 ** 31 - 1], 'int32');
    const b = () => tf.tensor1d([2, 2, -2, -2, 0, 0, -1, 3], 'int32');
    assertAgrees('FloorDiv', () => runKernel('FloorDiv', { a: a(), b: b() }), { relative: 0, absolute: 0 });
  });

  it('leave what is no float to JavaScript', () => {
    const integers = () => tf.tensor1d([2, 3], 'int32');
    assertAgrees('Pow', () => runKernel('Pow', { a: integers(), b: integers() }), { native: false });
    assertAgrees('Mod', () => runKernel('Mod', { a: integers(), b: integers() }), { native: false });
  });
});
