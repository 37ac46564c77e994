// Kernels of the native engine beside those of tfjs' `cpu` backend, which has our corrections.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../../src/engine/engine.ts';
import { OneDnnBackend } from '../../../src/engine/onednn/backend.ts';
import { loadBinding } from '../../../src/engine/onednn/binding.ts';
import { createRandom } from '../../../src/random.ts';
import { assertClose } from '../../support.ts';

function isBuilt(): boolean {
  try {
    loadBinding();
    return true;
  } catch {
    return false;
  }
}

/** Tests of the native engine; skipped where it was not built. Inside, tfjs throws where a kernel leaks. */
export function describeNative(name: string, body: () => void): void {
  describe(name, { skip: isBuilt() ? false : 'the native engine is not built' }, () => {
    before(async () => {
      await useEngine('onednn', { threads: 2 });
      tf.env().set('IS_TEST', true);
    });
    after(() => tf.env().set('IS_TEST', false));
    body();
  });
}

export function nativeBackend(): OneDnnBackend {
  const backend = tf.backend();
  assert.ok(backend instanceof OneDnnBackend);
  return backend;
}

/** Normal numbers, the same for the same name. */
export function normals(name: string, shape: readonly number[]): tf.Tensor {
  const values = createRandom(7)
    .stream(name)
    .normals(tf.util.sizeFromShape([...shape]), 0, 1);
  return tf.tensor(values, [...shape]);
}

/** Like `normals`, numbers that bfloat16 holds as they are. */
export function roundedNormals(name: string, shape: readonly number[]): Float32Array {
  const values = normals(name, shape).dataSync() as Float32Array;
  const bits = new Uint32Array(values.buffer);
  for (const [index, value] of bits.entries()) bits[index] = value & 0xffff0000;
  return values;
}

/** A tensor of these numbers that is stored as bfloat16, as a convolution would leave it. */
export function storedAsHalf(values: Float32Array, shape: readonly number[]): tf.Tensor {
  const backend = nativeBackend();
  const halves = backend.pool.take('half', values.length);
  backend.native.narrow(values, halves);
  const info = backend.adopt(halves, shape, 'float32');
  return tf.engine().makeTensorFromTensorInfo(info);
}

export function runKernel(name: string, inputs: object, attributes: object = {}): tf.Tensor | tf.Tensor[] {
  return tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attributes as tf.NamedAttrMap);
}

type Body = () => tf.Tensor | tf.Tensor[];

interface Result {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: ArrayLike<number>;
}

function resultsOn(engine: 'cpu' | 'onednn', body: Body, native: boolean): Result[] {
  tf.setBackend(engine);
  const outputs = tf.tidy(body);
  const tensors = [outputs].flat();
  if (engine === 'onednn' && native) {
    const backend = nativeBackend();
    for (const { dataId } of tensors) {
      assert.ok(backend.pool.owns(backend.data.get(dataId).values as Float32Array), 'ran in JavaScript');
    }
  }
  const results = tensors.map((tensor) => ({
    shape: tensor.shape,
    dtype: tensor.dtype,
    values: tensor.dataSync(),
  }));
  tf.dispose(outputs);
  return results;
}

/**
 * Runs `body`, which makes its own inputs, on both backends; the results must agree, and the native ones must
 * come from native kernels (`native: false`: either).
 */
export function assertAgrees(
  what: string,
  body: Body,
  { relative = 1e-5, absolute = 1e-5, native = true } = {},
): void {
  const expected = resultsOn('cpu', body, native);
  const actual = resultsOn('onednn', body, native);
  assert.equal(actual.length, expected.length, `${what}: number of outputs`);
  for (const [index, result] of expected.entries()) {
    const received = actual[index]!;
    assert.deepEqual(received.shape, result.shape, `${what}: shape of output ${index}`);
    assert.equal(received.dtype, result.dtype, `${what}: dtype of output ${index}`);
    assertClose(received.values, result.values, { relative, absolute, what: `${what}, output ${index}` });
  }
}
