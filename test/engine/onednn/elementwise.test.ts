import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { createRandom } from '../../../src/random.ts';
import { assertAgrees, describeNative, normals, runKernel } from './support.ts';

const unary = {
  Relu: {},
  Relu6: {},
  Elu: {},
  LeakyRelu: { alpha: 0.2 },
  Step: { alpha: 0.3 },
  Neg: {},
  Abs: {},
  Sign: {},
  Square: {},
  Sqrt: {},
  Rsqrt: {},
  Reciprocal: {},
  Exp: {},
  Expm1: {},
  Log: {},
  Log1p: {},
  Sigmoid: {},
  Softplus: {},
  Tanh: {},
  Floor: {},
  Ceil: {},
  Round: {},
  ClipByValue: { clipValueMin: -0.5, clipValueMax: 0.7 },
  ZerosLike: {},
  OnesLike: {},
};

const special = [
  0,
  -0,
  1,
  -1,
  6,
  7,
  90,
  -90,
  1e-30,
  3.5,
  -2.5,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
];

const binary = ['Add', 'Sub', 'Multiply', 'RealDiv', 'Maximum', 'Minimum', 'SquaredDifference'];
const comparisons = ['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual'];

const pairs: [number[], number[]][] = [
  [
    [3, 4, 5],
    [3, 4, 5],
  ],
  [[3, 4, 5], []],
  [[], [3, 4, 5]],
  [[3, 4, 5], [5]],
  [[5], [3, 4, 5]],
  [
    [3, 4, 5],
    [3, 1, 1],
  ],
  [
    [3, 4, 5],
    [1, 4, 1],
  ],
  [
    [3, 1, 5],
    [1, 4, 1],
  ],
  [
    [2, 3, 4, 5],
    [1, 1, 1, 5],
  ],
  [
    [2, 3, 4, 5],
    [2, 1, 1, 5],
  ],
  [
    [1, 3, 1, 5],
    [2, 1, 4, 1],
  ],
  [[1, 1], [1]],
  // Large enough to be shared by the threads.
  [
    [40, 50, 60],
    [50, 1],
  ],
];

/** Where x/0 and log of negative numbers give infinities and NaN, both must. */
function assertSameSpecials(name: string, attributes: object): void {
  const values = new Float32Array(special);
  const run = () =>
    tf.tidy(() => (runKernel(name, { x: tf.tensor1d(values) }, attributes) as tf.Tensor).dataSync());
  tf.setBackend('cpu');
  const expected = run();
  tf.setBackend('onednn');
  const actual = run();
  for (const [index, value] of expected.entries()) {
    const close =
      Object.is(actual[index], value) || Math.abs(actual[index]! - value) <= 1e-6 * Math.abs(value);
    // Signs of zeros may differ.
    assert.ok(
      close || actual[index] === value,
      `${name}(${special[index]}): ${value}, received ${actual[index]}`,
    );
  }
}

describeNative('native elementwise kernels', () => {
  for (const [name, attributes] of Object.entries(unary)) {
    it(name, () => {
      for (const shape of [[], [1], [3, 1, 7], [200, 300]]) {
        // Positive where the function wants it.
        const x = () => {
          const values = normals(name, shape);
          return /Log|qrt|Reciprocal/.test(name) ? tf.add(tf.abs(values), 0.01) : values;
        };
        const tolerance = { relative: 1e-5, absolute: 1e-6 };
        assertAgrees(`${name} ${shape}`, () => runKernel(name, { x: x() }, attributes), tolerance);
      }
      assertSameSpecials(name, attributes);
    });
  }

  for (const [a, b] of pairs) {
    it(`[${a}] and [${b}]`, () => {
      for (const name of [...binary, ...comparisons]) {
        const body = () => runKernel(name, { a: normals('a', a), b: normals('b', b) });
        assertAgrees(name, body, { relative: 1e-6, absolute: 1e-6 });
      }
      for (const name of comparisons) {
        const integer = (of: string, shape: number[]) => tf.cast(tf.round(normals(of, shape)), 'int32');
        assertAgrees(`${name} int32`, () => runKernel(name, { a: integer('a', a), b: integer('b', b) }));
      }
      for (const name of ['LogicalAnd', 'LogicalOr']) {
        const truth = (of: string, shape: number[]) => tf.greater(normals(of, shape), 0);
        assertAgrees(name, () => runKernel(name, { a: truth('a', a), b: truth('b', b) }));
      }
    });
  }

  it('gradients of activations, prelu, select, logical not, addN', () => {
    const shape = [4, 5, 6];
    const dy = () => normals('dy', shape);
    const operands = (y: () => tf.Tensor) => () => ({ dy: dy(), y: y() });
    const relu = operands(() => tf.relu(normals('y', shape)));
    const relu6 = operands(() => tf.relu6(tf.mul(normals('y', shape), 5)));
    const elu = operands(() => tf.elu(normals('y', shape)));
    assertAgrees('AddRelu', () => runKernel('AddRelu', { a: normals('a', shape), b: normals('b', shape) }));
    assertAgrees('ReluGrad', () => runKernel('ReluGrad', relu()));
    assertAgrees('Relu6Grad', () => runKernel('Relu6Grad', relu6()));
    assertAgrees('EluGrad', () => runKernel('EluGrad', elu()));
    const prelu = () => tf.prelu(normals('x', shape), normals('alpha', [6]));
    assertAgrees('Prelu', prelu);
    const condition = () => tf.greater(normals('condition', shape), 0);
    assertAgrees('Select', () => tf.where(condition(), normals('t', shape), normals('e', shape)));
    assertAgrees('LogicalNot', () => tf.logicalNot(condition()));
    assertAgrees('AddN', () => tf.addN(['a', 'b', 'c'].map((name) => normals(name, shape))));
  });

  it('casts between all types', () => {
    const floats = () => tf.tensor1d([0, 0.9, -0.9, 3.7, -3.7, 1e9, 3e9, -1e12, 255, Number.NaN]);
    for (const dtype of ['int32', 'bool'] as const) {
      assertAgrees(`float32 to ${dtype}`, () => tf.cast(floats(), dtype));
    }
    for (const dtype of ['int32', 'bool', 'float32'] as const) {
      assertAgrees(`int32 to ${dtype}`, () => tf.cast(tf.tensor1d([0, -3, 7], 'int32'), dtype), {
        native: false,
      });
      assertAgrees(`bool to ${dtype}`, () => tf.cast(tf.tensor1d([false, true], 'bool'), dtype), {
        native: false,
      });
    }
    const backend = tf.backend() as unknown as { data: { get(id: object): { values: unknown } } };
    const cast = tf.cast(tf.tensor1d([1, 2], 'int32'), 'float32');
    assert.ok(backend.data.get(cast.dataId).values instanceof Float32Array);
  });

  it('adds and multiplies integers as JavaScript does, with its overflow', () => {
    const random = createRandom(5).stream('integers');
    const large = (shape: number[]) => {
      const values = Array.from({ length: tf.util.sizeFromShape(shape) }, () => {
        return random.integer(2) ? random.integer(2 ** 32) - 2 ** 31 : random.integer(9) - 4;
      });
      return Int32Array.from(values);
    };
    for (const [a, b] of pairs) {
      const [left, right] = [large(a), large(b)];
      for (const name of ['Add', 'Sub', 'Multiply', 'Maximum', 'Minimum']) {
        const body = () =>
          runKernel(name, { a: tf.tensor(left, a, 'int32'), b: tf.tensor(right, b, 'int32') });
        assertAgrees(`${name} of [${a}] and [${b}]`, body, { relative: 0, absolute: 0 });
      }
    }
  });

  it('leaves mixed types and empty tensors to JavaScript', () => {
    const mixed = () => ({ a: tf.tensor1d([3, -2], 'int32'), b: tf.tensor1d([0.5, 2]) });
    assertAgrees('int32 and float32', () => runKernel('Maximum', mixed()), { native: false });
    assertAgrees('empty', () => tf.add(tf.zeros([0, 3]), tf.zeros([3])), { native: false });
    assertAgrees('empty relu', () => tf.relu(tf.zeros([2, 0])), { native: false });
  });
});
