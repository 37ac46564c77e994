import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { loadBinding } from '../../../src/engine/onednn/binding.ts';
import { assertAgrees, describeNative, normals, runKernel } from './support.ts';

const shapes = [[], [1], [3, 1, 7], [200, 300]];

/** Of three standard deviations. */
const spread = (name: string, shape: number[]) => tf.mul(normals(name, shape), 3);

const activations: [name: string, attributes: object][] = [
  ['Silu', {}],
  ['Gelu', { approximate: 'none' }],
  ['Gelu', { approximate: 'tanh' }],
];

const gradients: [name: string, saved: string, attributes: object, output?: (x: tf.Tensor) => tf.Tensor][] = [
  ['SiluGrad', 'x', {}],
  ['GeluGrad', 'x', { approximate: 'none' }],
  ['GeluGrad', 'x', { approximate: 'tanh' }],
  ['LeakyReluGrad', 'x', { alpha: 0.01 }],
  ['LeakyReluGrad', 'x', { alpha: -0.5 }],
  ['SigmoidGrad', 'y', {}, tf.sigmoid],
  ['TanhGrad', 'y', {}, tf.tanh],
  ['SoftplusGrad', 'x', {}],
];

/** Single precision against double. */
const tolerance = { relative: 5e-6, absolute: 1e-6 };

describeNative('native activations', () => {
  for (const [name, attributes] of activations) {
    it(`${name} ${JSON.stringify(attributes)}`, () => {
      for (const shape of shapes) {
        assertAgrees(`${shape}`, () => runKernel(name, { x: spread('x', shape) }, attributes), tolerance);
      }
    });
  }

  for (const [name, saved, attributes, output = (x: tf.Tensor) => x] of gradients) {
    it(`${name} ${JSON.stringify(attributes)}`, () => {
      for (const shape of shapes) {
        const inputs = () => ({ dy: normals('dy', shape), [saved]: output(spread('x', shape)) });
        assertAgrees(`${shape}`, () => runKernel(name, inputs(), attributes), tolerance);
      }
    });
  }

  it('local response normalisation', () => {
    for (const shape of [
      [2, 3, 4, 7],
      [1, 2, 1, 1],
      [1, 5, 5, 40],
    ]) {
      for (const beta of [0.75, 0.5]) {
        const attributes = { depthRadius: 2, bias: 2, alpha: 1e-2, beta };
        const forward = () => runKernel('LRN', { x: spread('x', shape) }, attributes) as tf.Tensor;
        assertAgrees(`LRN ${shape}`, forward, tolerance);
        const inputs = () => ({ x: spread('x', shape), y: forward(), dy: normals('dy', shape) });
        assertAgrees(`LRNGrad ${shape}`, () => runKernel('LRNGrad', inputs(), attributes), tolerance);
      }
    }
  });

  it('are right far out, and keep NaN', () => {
    const native = loadBinding();
    const x = Float32Array.from([-200, -90, -30, -10, 0, 30, 90, 200, Number.NaN, Number.POSITIVE_INFINITY]);
    for (const name of ['silu', 'gelu', 'geluTanh'] as const) {
      const y = new Float32Array(x.length);
      native[name](x, y);
      for (const [i, value] of [...x].entries()) {
        if (Number.isNaN(value)) assert.ok(Number.isNaN(y[i]), `${name}(NaN) is ${y[i]}`);
        else if (value > 20) assert.equal(y[i], value, `${name}(${value})`);
        else if (value < -20) assert.ok(Math.abs(y[i]!) < 1e-11, `${name}(${value}) is ${y[i]}`);
      }
      assert.equal(y[4], 0);
    }
  });

  it('Gelu keeps its digits where it is small', () => {
    // x Φ(x) at −4 and −5, with Φ of the tables: Abramowitz and Stegun 1964, table 26.2.
    const y = new Float32Array(2);
    loadBinding().gelu(Float32Array.from([-4, -5]), y);
    assert.ok(Math.abs(y[0]! / (-4 * 3.1671242e-5) - 1) < 5e-6, `${y[0]}`);
    assert.ok(Math.abs(y[1]! / (-5 * 2.866516e-7) - 1) < 5e-6, `${y[1]}`);
  });
});
