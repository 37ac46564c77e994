import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { createBall } from '../../src/attacks/ball.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { UsageError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';
import { assertClose, noTensorLeak } from '../support.ts';

before(() => useEngine('auto'));

const lengthsOf = (images: tf.Tensor) => images.square().sum([1, 2, 3]).sqrt().dataSync();

test('linf samples fill the cube evenly', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const grey = tf.fill([1, 100, 100, 1], 0.5) as tf.Tensor4D;
      const moved = createBall(grey, { norm: 'linf', epsilon: 0.1 })
        .sample(createRandom(1))
        .sub(grey)
        .div(0.1);
      // 10 000 uniform values in [−1, 1]: mean 0 ± 0.006, mean square 1/3 ± 0.003; bounds at four of these.
      assert.ok(Math.abs(moved.mean().dataSync()[0] as number) < 0.024);
      assert.ok(Math.abs((moved.square().mean().dataSync()[0] as number) - 1 / 3) < 0.012);
    }),
  ));

test('l2 samples fill the ball evenly: (radius / epsilon) to the dimension is uniform', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const [images, size] = [4000, 4];
      const grey = tf.fill([images, 2, 2, 1], 0.5) as tf.Tensor4D;
      const moved = createBall(grey, { norm: 'l2', epsilon: 0.2 }).sample(createRandom(2)).sub(grey);
      const shares = Array.from(lengthsOf(moved), (length) => (length / 0.2) ** size);
      // Mean 1/2 ± 0.0046, mean square 1/3 ± 0.0047; bounds at four of these.
      assert.ok(Math.abs(shares.reduce((a, b) => a + b) / images - 1 / 2) < 0.019);
      assert.ok(Math.abs(shares.reduce((a, b) => a + b * b, 0) / images - 1 / 3) < 0.019);
      assertClose(moved.mean(0).dataSync(), [0, 0, 0, 0], { absolute: 0.01 });
    }),
  ));

test('projection leaves allowed images alone and brings others to the border', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const clean = tf.fill([2, 3, 3, 1], 0.5) as tf.Tensor4D;
      const near: tf.Tensor4D = clean.add(0.01);
      const far: tf.Tensor4D = clean.add(0.4);
      for (const norm of ['linf', 'l2'] as const) {
        const ball = createBall(clean, { norm, epsilon: 0.06 });
        assertClose(ball.project(near).dataSync(), near.dataSync());
        assertClose(ball.project(far).dataSync(), clean.add(norm === 'linf' ? 0.06 : 0.02).dataSync());
      }
    }),
  ));

test('ascent has size 1 for gradients of any size, and is 0 where they are 0 or not finite', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const gradient = tf.tensor4d(
        [3e-30, -4e-30, 0, 3e30, -4e30, 0, 0, 0, 0, Number.NaN, Number.POSITIVE_INFINITY, 2],
        [4, 3, 1, 1],
      );
      const clean = tf.fill([4, 3, 1, 1], 0.5) as tf.Tensor4D;
      const ascent = (norm: 'linf' | 'l2') =>
        createBall(clean, { norm, epsilon: 0.1 }).ascent(gradient).dataSync();
      assertClose(ascent('linf'), [1, -1, 0, 1, -1, 0, 0, 0, 0, 0, 0, 1]);
      assertClose(ascent('l2'), [0.6, -0.8, 0, 0.6, -0.8, 0, 0, 0, 0, 0, 0, 1]);
    }),
  ));

test('refuses an epsilon that no adversary can have', () => {
  const images = tf.zeros([1, 2, 2, 1]) as tf.Tensor4D;
  for (const [norm, epsilon] of [
    ['linf', -0.1],
    ['linf', 8],
    ['linf', Number.NaN],
    ['l2', 2.1],
  ] as const) {
    assert.throws(() => createBall(images, { norm, epsilon }), UsageError);
  }
  assert.throws(() => createBall(images, { norm: 'l3' as 'l2', epsilon: 0 }), /There is no norm "l3"/);
  createBall(images, { norm: 'l2', epsilon: 2 });
  images.dispose();
});

test('in l0 the nearest allowed image of one out of [0, 1] keeps the change that is left of it', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      const clean = tf.tensor4d([1, 0.5], [1, 1, 2, 1]);
      const ball = createBall(clean, { norm: 'l0', epsilon: 1 });
      assertClose(ball.project(tf.tensor4d([2, 0.9], [1, 1, 2, 1])).dataSync(), [1, 0.9]);
    }),
  ));
