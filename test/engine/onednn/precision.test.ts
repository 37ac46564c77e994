import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../../src/engine/engine.ts';
import { inferenceOf, runInTraining } from '../../../src/engine/model/run.ts';
import { loadBinding } from '../../../src/engine/onednn/binding.ts';
import { sparseCrossEntropy } from '../../../src/engine/ops/cross-entropy.ts';
import { RunError, UsageError } from '../../../src/errors.ts';
import { relativeToMaximum } from '../../support.ts';
import {
  describeNative,
  nativeBackend,
  normals,
  roundedNormals,
  runKernel,
  storedAsHalf,
} from './support.ts';

describe('the choice of a precision', () => {
  it('refuses one that there is not, and bf16 on other engines', async () => {
    await assert.rejects(useEngine('cpu', { precision: 'bf16' }), UsageError);
    await assert.rejects(useEngine('auto', { precision: 'half' as 'bf16' }), UsageError);
  });
});

describeNative('bf16', () => {
  const { bf16 } = loadBinding().build;
  const skip = bf16 ? false : 'this processor has no bfloat16';

  it('is refused by a processor without it', { skip: bf16 && 'this processor has bfloat16' }, async () => {
    await assert.rejects(useEngine('onednn', { precision: 'bf16' }), RunError);
  });

  describe('convolutions', { skip }, () => {
    before(() => useEngine('onednn'));
    after(() => useEngine('onednn'));

    /** [batch, height, width, inputs, outputs, filter, stride] */
    const cases = [
      [2, 12, 14, 16, 24, 3, 1],
      [1, 20, 20, 8, 16, 3, 2],
      [2, 10, 10, 32, 40, 1, 1],
      [1, 16, 16, 48, 64, 5, 1],
      [2, 8, 8, 64, 64, 3, 1],
      [1, 9, 9, 32, 16, 3, 1],
      [2, 9, 7, 96, 32, 3, 1],
      [1, 8, 9, 128, 192, 1, 1],
      [1, 11, 10, 48, 96, 3, 2],
    ] as const;
    // bfloat16 keeps 8 bits: each operand is off by up to 2^-9, and the errors of many products average out.
    const tolerance = 2 ** -7;
    const isHalf = (tensor: tf.Tensor) => nativeBackend().halves(tensor) !== undefined;

    for (const [batch, height, width, inputs, outputs, size, stride] of cases) {
      it(`[${batch}, ${height}, ${width}, ${inputs}] by ${size} × ${size} × ${outputs}, stride ${stride}`, async () => {
        const run = () => {
          const x = normals('x', [batch, height, width, inputs]) as tf.Tensor4D;
          const filter = normals('filter', [size, size, inputs, outputs]) as tf.Tensor4D;
          const convolve = (image: tf.Tensor4D, kernel: tf.Tensor4D) =>
            tf.conv2d(image, kernel, stride, 'same');
          const y = convolve(x, filter);
          const [dx, dfilter] = tf.grads((a, b) => convolve(a as tf.Tensor4D, b as tf.Tensor4D))(
            [x, filter],
            normals('dy', y.shape) as tf.Tensor4D,
          );
          return [y, dx!, dfilter!].map((tensor) => tensor.dataSync());
        };
        await useEngine('onednn');
        const exact = tf.tidy(() => run().map((values) => Float32Array.from(values)));
        await useEngine('onednn', { precision: 'bf16' });
        const rounded = tf.tidy(() => run().map((values) => Float32Array.from(values)));
        for (const [index, what] of ['y', 'dx', 'dfilter'].entries()) {
          const difference = relativeToMaximum(rounded[index]!, exact[index]!);
          assert.ok(difference < tolerance, `${what}: relative difference ${difference}`);
          // The gradient of the filter is that of its operands, which here are float32.
          assert.equal(difference > 0, what !== 'dfilter', `${what}: relative difference ${difference}`);
        }
      });
    }

    it('the gradient of a filter takes what is stored as bfloat16 as it is', async () => {
      const shapes = { x: [2, 12, 14, 16], dy: [2, 12, 14, 24] } as const;
      const attributes = { strides: 1, pad: 'same', dataFormat: 'NHWC', filterShape: [3, 3, 16, 24] };
      const gradientOf = (store: typeof storedAsHalf) =>
        tf.tidy(() => {
          const operands = Object.entries(shapes).map(([name, shape]) => [
            name,
            store(roundedNormals(name, shape), shape),
          ]);
          return (
            runKernel('Conv2DBackpropFilter', Object.fromEntries(operands), attributes) as tf.Tensor
          ).dataSync();
        });
      await useEngine('onednn', { precision: 'bf16' });
      const ours = gradientOf(storedAsHalf);
      const exact = gradientOf((values, shape) => tf.tensor(values, [...shape]));
      assert.ok(relativeToMaximum(ours, exact) < 1e-5);
    });

    /** Twelve classes, which are more channels than an image has. */
    function smallNet(): tf.LayersModel {
      const seeds = { kernelInitializer: tf.initializers.heNormal({ seed: 3 }) };
      const convolution = (filters: number) =>
        tf.layers.conv2d({ filters, kernelSize: 3, padding: 'same', useBias: false, ...seeds });
      const input = tf.input({ shape: [16, 16, 3] });
      let x = input;
      for (const filters of [16, 24]) {
        x = convolution(filters).apply(x) as tf.SymbolicTensor;
        x = tf.layers.batchNormalization().apply(x) as tf.SymbolicTensor;
        x = tf.layers.activation({ activation: 'relu' }).apply(x) as tf.SymbolicTensor;
        x = tf.layers.maxPooling2d({ poolSize: 2 }).apply(x) as tf.SymbolicTensor;
      }
      x = convolution(12).apply(x) as tf.SymbolicTensor;
      return tf.model({ inputs: input, outputs: x });
    }

    it('logits, and gradients by images, are float32', async () => {
      await useEngine('onednn', { precision: 'bf16' });
      const model = smallNet();
      using infer = inferenceOf(model);
      const images = normals('images', [4, 16, 16, 3]);
      const logits = infer(images);
      const trained = tf.tidy(() => runInTraining(model, images)[0]!);
      const gradient = tf.grad((x) => tf.sum(infer(x)))(images);
      assert.deepEqual([logits, trained, gradient].map(isHalf), [false, false, false]);
      const features = tf.conv2d(
        images as tf.Tensor4D,
        normals('filter', [3, 3, 3, 8]) as tf.Tensor4D,
        1,
        'same',
      );
      assert.ok(isHalf(features));
      tf.dispose([images, logits, trained, gradient, features]);
      model.dispose();
    });

    it('40 steps of training take the losses where float32 takes them', async () => {
      const losses: Record<'float32' | 'bf16', number[]> = { float32: [], bf16: [] };
      const memory: number[] = [];
      for (const precision of ['float32', 'bf16'] as const) {
        await useEngine('onednn', { precision });
        const model = smallNet();
        const images = normals('images', [24, 16, 16, 3]);
        const labels = tf.tensor1d(
          Int32Array.from({ length: 24 }, (_, image) => image % 12),
          'int32',
        );
        const optimizer = tf.train.sgd(0.05);
        for (let step = 0; step < 40; step++) {
          const loss = optimizer.minimize(() => {
            const logits = tf.mean(runInTraining(model, images)[0]!, [1, 2]);
            return tf.mean(sparseCrossEntropy(logits, labels)) as tf.Scalar;
          }, true);
          losses[precision].push(loss!.dataSync()[0]!);
          loss!.dispose();
          if (precision === 'bf16') memory.push(nativeBackend().pool.bytes.taken);
        }
        tf.dispose([images, labels]);
        model.dispose();
        optimizer.dispose();
      }
      const [exact, rounded] = [losses.float32, losses.bf16];
      assert.ok(exact.at(-1)! < 0.8 * exact[0]!, `${exact[0]} to ${exact.at(-1)}`);
      for (const [step, loss] of rounded.entries()) {
        const difference = Math.abs(loss / exact[step]! - 1);
        assert.ok(difference < 0.03, `step ${step}: ${loss} instead of ${exact[step]}`);
      }
      assert.notDeepEqual(rounded, exact);
      assert.equal(memory.at(-1), memory[5], 'bytes taken after the last step, and after the sixth');
    });
  });
});
