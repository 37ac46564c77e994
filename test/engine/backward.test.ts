import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { valueAndGradients, valueAndPullbacks } from '../../src/engine/backward.ts';
import { stopGradient } from '../../src/engine/ops/stop-gradient.ts';
import { assertClose, noTensorLeak } from '../support.ts';
import { engines } from './engines.ts';

/** Functions of a and b, [2, 3] each, whose gradients share, repeat or leave out something. */
const functions: Readonly<Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>> = {
  'one reader': (a, b) => a.mul(b).sum(),
  'many readers': (a, b) => a.mul(a).add(a.mul(b)).add(b.exp().mul(a)).sum(),
  'an input twice in one operation': (a, b) =>
    a
      .add(a)
      .mul(b)
      .add(tf.addN([b, b, a]))
      .sum(),
  'a clone and a reshape': (a, b) =>
    a
      .clone()
      .reshape([6])
      .mul(b.reshape([6]).clone())
      .sum(),
  'several outputs': (a, b) => {
    const [left, middle] = tf.split(a, 3, 1) as [tf.Tensor, tf.Tensor];
    return left.mul(middle).mul(tf.unstack(b)[0]!.sum()).sum();
  },
  'a part without a gradient': (a, b) => a.mul(stopGradient(b)).add(b.mul(2)).sum(),
  'a value that is no scalar': (a, b) => a.mul(b),
  'the input itself': (a, b) => a.add(b.sum()),
};

const inTidy = (f: () => tf.Tensor, x: tf.Tensor) =>
  tf.tidy(() => {
    valueAndGradients(f, [x]);
  });

for (const engine of engines) {
  describe(`gradients in less memory, on ${engine.name}`, () => {
    before(() => engine.use());

    for (const [what, f] of Object.entries(functions)) {
      it(`${what}: as tf.grads`, async () => {
        await noTensorLeak(() =>
          tf.tidy(() => {
            const [a, b] = [tf.randomNormal([2, 3]), tf.randomNormal([2, 3])];
            const { value, gradients } = valueAndGradients(() => f(a, b), [a, b]);
            const expected = tf.grads(f)([a, b]);
            assertClose(value.dataSync(), f(a, b).dataSync());
            for (const index of [0, 1])
              assertClose(gradients[index]!.dataSync(), expected[index]!.dataSync());
          }),
        );
      });
    }

    it('several gradients of one pass are those of as many passes', async () => {
      await noTensorLeak(() =>
        tf.tidy(() => {
          const [images, kernel] = [tf.randomNormal([2, 6, 6, 3]), tf.randomNormal([3, 3, 3, 4])] as [
            tf.Tensor4D,
            tf.Tensor4D,
          ];
          const f = () =>
            tf.maxPool(tf.relu(tf.conv2d(images, kernel, 1, 'same')), 2, 2, 'valid').mean([1, 2]);
          const cotangents = [0, 1, 2].map(() => tf.randomNormal([2, 4]));
          const { value, gradients } = valueAndPullbacks(f, images, () =>
            cotangents.map((one) => one.clone()),
          );
          assertClose(value.dataSync(), f().dataSync());
          for (const [i, cotangent] of cotangents.entries()) {
            const { gradients: expected } = valueAndGradients(() => f().mul(cotangent), [images]);
            assertClose(gradients[i]!.dataSync(), expected[0]!.dataSync(), { absolute: 1e-5 });
          }
        }),
      );
      const x = tf.ones([2, 3]);
      await noTensorLeak(() => {
        const { value, gradients } = valueAndPullbacks(
          () => x.mul(x),
          x,
          () => [],
        );
        value.dispose();
        assert.deepEqual(gradients, []);
      });
      assert.throws(
        () =>
          valueAndPullbacks(
            () => tf.zeros([1]),
            x,
            (y) => [tf.onesLike(y)],
          ),
        /does not depend/,
      );
      x.dispose();
    });

    it('leaves the inputs and the results, and nothing else', async () => {
      const [a, b] = [tf.ones([2, 3]), tf.ones([2, 3])];
      const { numTensors } = tf.memory();
      const { value, gradients } = valueAndGradients(() => functions['many readers']!(a, b), [a, b]);
      assert.equal(tf.memory().numTensors, numTensors + 3);
      assert.ok(!a.isDisposed && !b.isDisposed);
      tf.dispose([a, b, value, ...gradients.map((gradient) => gradient!)]);
    });

    it('has no gradient for what the function does not depend on', () => {
      tf.tidy(() => {
        const [a, b] = [tf.scalar(1), tf.scalar(2)];
        const { gradients } = valueAndGradients(() => a.square(), [a, b]);
        assert.equal(gradients[0]!.dataSync()[0], 2);
        assert.equal(gradients[1], undefined);
      });
    });

    it('gives back on the way what the forward pass saved', () => {
      tf.tidy(() => {
        const x = tf.ones([1000]);
        const held: number[] = [];
        const atStart = tf.memory().numBytes;
        // Its gradient is asked for when those of all operations behind it have been computed.
        const watch = tf.customGrad((input) => ({
          value: (input as tf.Tensor).clone(),
          gradFunc: (dy) => {
            held.push(tf.memory().numBytes - atStart);
            return dy.clone();
          },
        }));
        valueAndGradients(() => {
          let y = watch(x);
          for (let i = 0; i < 20; i++) y = watch(y.sigmoid());
          return y.sum();
        }, [x]);
        assert.equal(held.length, 21);
        assert.ok(held.at(-1)! < held[0]! / 4, `bytes held: ${held}`);
      });
    });

    it('an error on the way leaves nothing behind, and the next gradient is right', async () => {
      await noTensorLeak(() => {
        const a = tf.tensor1d([1, 2]);
        const broken = tf.customGrad((x) => ({
          value: (x as tf.Tensor).square(),
          gradFunc: () => {
            throw new RangeError('broken');
          },
        }));
        assert.throws(() => inTidy(() => broken(a.mul(2)).sum(), a), /broken/);
        const noValue = (): tf.Tensor => {
          throw new RangeError('forward');
        };
        assert.throws(() => inTidy(noValue, a), /forward/);
        tf.tidy(() => {
          const { gradients } = valueAndGradients(() => a.square().sum(), [a]);
          assertClose(gradients[0]!.dataSync(), [2, 4]);
        });
        a.dispose();
      });
    });

    it('refuses to run within another gradient', () => {
      tf.tidy(() => {
        const a = tf.scalar(1);
        const inner = () => valueAndGradients(() => a.square(), [a]).value;
        assert.throws(() => valueAndGradients(inner, [a]), RangeError);
      });
    });
  });
}
