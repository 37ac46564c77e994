// Tensors share memory in tfjs, and here memory is used again: nobody may see it change.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { BufferPool } from '../../../src/engine/onednn/pool.ts';
import { applyAdam, applyMomentum } from '../../../src/engine/ops/optimizer-steps.ts';
import { describeNative, nativeBackend, normals } from './support.ts';

const shared = { learningRate: 0.1, clipValue: 0, gradientScale: 1, averageKept: 0 };
const adam = { ...shared, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, step: 1, decoupled: true };

function trained(values: tf.Tensor) {
  const variable = tf.variable(values);
  const [m, v] = [tf.variable(tf.zerosLike(variable)), tf.variable(tf.zerosLike(variable))];
  const move = { variable, slots: [m, v], weightDecay: 0 };
  return { variable, step: () => applyAdam([{ ...move, gradient: tf.onesLike(variable) }], adam) };
}

/** Fills what the pool hands out next. */
function useMemoryAgain(): void {
  for (const length of [2, 3, 4, 6, 12, 24, 100, 1000]) tf.tidy(() => void tf.fill([length], 99).add(1));
}

describeNative('storage of the native engine', () => {
  it('dataSync gives a copy', () => {
    const x = tf.add(tf.zeros([6]), 1);
    const same = tf.reshape(x, [2, 3]);
    const values = x.dataSync();
    values[0] = 42;
    assert.deepEqual([...same.dataSync()], [1, 1, 1, 1, 1, 1]);
    tf.dispose([x, same]);
    useMemoryAgain();
    assert.deepEqual([...values], [42, 1, 1, 1, 1, 1]);
  });

  it('data and buffer outlive the tensor', async () => {
    const x = tf.add(tf.zeros([6]), 1);
    const [read, buffer] = [await x.data(), await x.buffer()];
    x.dispose();
    useMemoryAgain();
    assert.deepEqual([...read], [1, 1, 1, 1, 1, 1]);
    assert.deepEqual([...buffer.values], [1, 1, 1, 1, 1, 1]);
  });

  it('parts outlive the whole', () => {
    const x = tf.tidy(() => tf.add(tf.reshape(tf.range(0, 12), [4, 3]), 0));
    const integers = tf.tidy(() => tf.cast(x, 'int32'));
    const parts = [
      ...tf.unstack(x),
      ...tf.split(x, 2),
      tf.slice(x, [1, 0], [2, 3]),
      tf.slice(integers, [1], [1]),
      tf.gather(x, [2]),
      ...Object.values(tf.topk(tf.add(x, 0), 2)),
    ];
    const before = parts.map((part) => [...part.dataSync()]);
    tf.dispose([x, integers]);
    useMemoryAgain();
    assert.deepEqual(
      parts.map((part) => [...part.dataSync()]),
      before,
    );
  });

  it('clones, reshapes, casts and variables keep what they share', () => {
    const x = tf.add(tf.zeros([4]), 2);
    const others = [x.clone(), x.reshape([2, 2]), x.cast('float32'), tf.variable(x), tf.keep(x.expandDims())];
    x.dispose();
    useMemoryAgain();
    for (const other of others) assert.deepEqual([...other.dataSync()], [2, 2, 2, 2]);
  });

  it('optimizers change neither the arrays they were given nor clones', () => {
    const given = new Float32Array([1, 2, 3]);
    const { variable, step } = trained(tf.tensor1d(given));
    const clone = variable.clone();
    step();
    assert.deepEqual([...given], [1, 2, 3]);
    assert.deepEqual([...clone.dataSync()], [1, 2, 3]);
    const read = variable.dataSync();
    const between = variable.clone();
    step();
    assert.deepEqual([...between.dataSync()], [...read]);
    assert.notDeepEqual([...variable.dataSync()], [...read]);
  });

  it('optimizers work in place from the second step on', () => {
    const { variable, step } = trained(normals('weights', [1000]));
    const backend = nativeBackend();
    step();
    const before = backend.data.get(variable.dataId).values;
    step();
    assert.equal(backend.data.get(variable.dataId).values, before);
  });

  it('momentum keeps what is aliased', () => {
    const given = new Float32Array([1, 2]);
    const [variable, velocity] = [tf.variable(tf.tensor1d(given)), tf.variable(tf.tensor1d([0, 0]))];
    const move = { variable, slots: [velocity], gradient: tf.tensor1d([1, 1]), weightDecay: 0 };
    applyMomentum([move], { ...shared, momentum: 0.9, nesterov: false });
    assert.deepEqual([...given], [1, 2]);
    assert.notDeepEqual([...variable.dataSync()], [1, 2]);
  });

  it('stores every type in its own class of array', () => {
    const backend = nativeBackend();
    const values = (tensor: tf.Tensor) => backend.data.get(tensor.dataId).values;
    assert.ok(values(tf.cast(tf.tensor1d([true, false], 'bool'), 'float32')) instanceof Float32Array);
    assert.ok(values(tf.oneHot(tf.tensor1d([0, 1], 'int32'), 2, 1, 0, 'int32')) instanceof Int32Array);
    const info = backend.makeTensorInfo([2], 'float32', [1, 2] as unknown as Float32Array);
    assert.ok(backend.data.get(info.dataId).values instanceof Float32Array);
    backend.disposeData(info.dataId);
  });

  it('tensors move between backends', async () => {
    const x = tf.add(normals('x', [10]), 0);
    const before = [...x.dataSync()];
    await tf.setBackend('cpu');
    const y = tf.add(x, 0);
    useMemoryAgain();
    await tf.setBackend('onednn');
    assert.deepEqual([...x.dataSync()], before);
    assert.deepEqual([...tf.add(y, 0).dataSync()], before);
  });

  it('200 steps of training leave nothing behind and need no more memory', () => {
    const filter = tf.variable(normals('filter', [3, 3, 2, 4]));
    const gamma = tf.variable(tf.ones([4]));
    const [m, v] = [tf.variable(tf.zerosLike(filter)), tf.variable(tf.zerosLike(filter))];
    const images = normals('images', [2, 8, 8, 2]) as tf.Tensor4D;
    const step = (number: number) =>
      tf.tidy(() => {
        const loss = () => {
          const features = tf.relu(tf.conv2d(images, filter as tf.Tensor4D, 1, 'same'));
          const pooled = tf.maxPool(tf.mul(features, gamma) as tf.Tensor4D, 2, 2, 'same');
          return tf.mean(tf.square(tf.concat([pooled, pooled], 3))) as tf.Scalar;
        };
        const { grads } = tf.variableGrads(loss, [filter, gamma]);
        const move = { variable: filter, slots: [m, v], gradient: grads[filter.name]!, weightDecay: 0 };
        applyAdam([move], { ...adam, step: number });
      });
    for (let number = 1; number <= 3; number++) step(number);
    const { pool } = nativeBackend();
    const before = { tensors: tf.memory().numTensors, ...pool.bytes };
    for (let number = 4; number <= 203; number++) step(number);
    assert.deepEqual({ tensors: tf.memory().numTensors, ...pool.bytes }, before);
  });
});

describeNative('the pool of buffers', () => {
  const pool = () => new BufferPool(() => 16, 1 << 20);

  it('hands an array out again once it came back, and never twice', () => {
    const buffers = pool();
    const first = buffers.take('float32', 100);
    const second = buffers.take('float32', 100);
    assert.notEqual(first.buffer, second.buffer);
    buffers.release(first);
    buffers.release(first);
    const [third, fourth] = [buffers.take('float32', 100), buffers.take('float32', 100)];
    assert.equal(third, first);
    assert.notEqual(fourth.buffer, third.buffer);
  });

  it('gives each type its array, of the right length', () => {
    const buffers = pool();
    for (const [type, array] of [
      ['float32', Float32Array],
      ['int32', Int32Array],
      ['bool', Uint8Array],
    ] as const) {
      const values = buffers.take(type, 50);
      assert.ok(values instanceof array);
      assert.equal(values.length, 50);
      buffers.release(values);
    }
    assert.equal(buffers.bytes.taken, 0);
  });

  it('leaves the arrays of others alone, and gives up memory above its limit', () => {
    const buffers = pool();
    const foreign = new Float32Array(10);
    assert.equal(buffers.owns(foreign), false);
    buffers.release(foreign);
    const taken = [0, 1, 2, 3].map(() => buffers.take('float32', 100_000));
    for (const values of taken) buffers.release(values);
    assert.ok(buffers.bytes.idle <= 1 << 20, `${buffers.bytes.idle}`);
    assert.ok(buffers.bytes.idle > 0);
  });

  it('arrays of the backend begin at multiples of 64 bytes', () => {
    const { pool: buffers, native } = nativeBackend();
    const result = new Int32Array(1);
    for (const length of [1, 70, 1000, 100_000]) {
      const values = buffers.take('float32', length);
      native.misalignment(new Uint8Array(values.buffer, values.byteOffset, 4), result);
      assert.equal(result[0], 0);
      buffers.release(values);
    }
  });
});
