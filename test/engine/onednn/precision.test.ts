import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../../src/engine/engine.ts';
import { loadBinding } from '../../../src/engine/onednn/binding.ts';
import { RunError, UsageError } from '../../../src/errors.ts';
import { relativeToMaximum } from '../../support.ts';
import { describeNative, normals } from './support.ts';

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
    ] as const;
    // bfloat16 keeps 8 bits: each operand is off by up to 2^-9, and the errors of many products average out.
    const tolerance = 2 ** -7;

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
          // The gradient of the filter stays float32.
          assert.equal(difference > 0, what !== 'dfilter', `${what}: relative difference ${difference}`);
        }
      });
    }
  });
});
