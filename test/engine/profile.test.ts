import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { type KernelTime, profileKernels } from '../../src/engine/profile.ts';
import { noTensorLeak } from '../support.ts';
import { describeNative } from './onednn/support.ts';

function calls(times: readonly KernelTime[]): Record<string, number> {
  return Object.fromEntries(times.map(({ kernel, where, calls: count }) => [`${kernel} ${where}`, count]));
}

const add = (first: tf.TensorLike, second: tf.TensorLike) =>
  tf.tidy(() => void tf.add(tf.tensor(first), tf.tensor(second)));

describe('a profile of kernels', () => {
  before(() => useEngine('cpu'));

  test('has what ran within it, and the kernels are afterwards what they were', async () => {
    const kernels = tf.getKernelsForBackend('cpu');
    const times = await noTensorLeak(() =>
      profileKernels('cpu', async () => {
        add([1, 2], [3, 4]);
        await Promise.resolve();
        add([1, 2], [3, 4]);
        tf.tidy(() => void tf.square([3]));
      }),
    );
    assert.deepEqual(calls(times), { 'Add cpu': 2, 'Square cpu': 1 });
    assert.ok(times.every(({ milliseconds }) => milliseconds >= 0));
    for (const kernel of kernels) assert.equal(tf.getKernel(kernel.kernelName, 'cpu'), kernel);
    add([1], [2]);
    assert.equal(times[0]!.calls + times[1]!.calls, 3);
  });

  test('counts no time twice where a kernel calls another', async () => {
    const slow = () => {
      for (const end = performance.now() + 20; performance.now() < end; );
      return tf.scalar(1);
    };
    const outer = () => tf.engine().runKernel('TestInner', {}) as tf.Tensor;
    tf.registerKernel({ kernelName: 'TestInner', backendName: 'cpu', kernelFunc: slow });
    tf.registerKernel({ kernelName: 'TestOuter', backendName: 'cpu', kernelFunc: outer });
    const times = await profileKernels('cpu', async () => {
      tf.tidy(() => void tf.engine().runKernel('TestOuter', {}));
    });
    const [first, second] = times;
    assert.deepEqual([first?.kernel, second?.kernel], ['TestInner', 'TestOuter']);
    assert.ok(first!.milliseconds >= 20);
    for (const name of ['TestInner', 'TestOuter']) tf.unregisterKernel(name, 'cpu');
  });

  test('puts the kernels back after an error', async () => {
    const kernel = tf.getKernel('Add', 'cpu');
    const failing = profileKernels('cpu', async () => {
      add([1, 2], [1, 2, 3]);
    });
    await assert.rejects(failing, /shape/i);
    assert.equal(tf.getKernel('Add', 'cpu'), kernel);
  });
});

describeNative('a profile of native kernels', () => {
  test('counts each call where it ran', async () => {
    const times = await profileKernels('onednn', async () => {
      add([1, 2], [3, 4]);
      add([1, 2], [3, 4]);
      // Empty tensors are not for the native kernel, and some kernels have none.
      add([], []);
      tf.tidy(() => void tf.diag(tf.tensor1d([1])));
    });
    assert.deepEqual(calls(times), { 'Add native': 2, 'Add javascript': 1, 'Diag javascript': 1 });
  });
});
