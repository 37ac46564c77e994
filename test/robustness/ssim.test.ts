import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { createRandom } from '../../src/random.ts';
import { ssim } from '../../src/robustness/ssim.ts';
import { golden, openClassifier, type Stored, tensorOf } from '../attacks/golden.ts';
import { assertClose, noTensorLeak } from '../support.ts';

before(() => useEngine('auto'));

test('is that of MONAI', () =>
  noTensorLeak(() => {
    const net = openClassifier();
    const cases = golden<{ cases: Record<string, { adversarial: Stored }> }>('fgsm').cases;
    const { ssim: expected } = golden<{ ssim: Record<string, Stored> }>('metrics');
    const adversarial = tensorOf<tf.Tensor4D>((cases['eps0.03'] as { adversarial: Stored }).adversarial);
    // 1e-5 is the tolerance of the fixtures.
    const monai = expected['same, MONAI SSIMMetric'] as Stored;
    assertClose(ssim(net.images, adversarial), monai.data, { absolute: 1e-5, relative: 0 });
    adversarial.dispose();
    net.dispose();
  }));

test('is exactly 1 for equal images, symmetric, and lower for more noise; images below the window included', () =>
  noTensorLeak(() =>
    tf.tidy(() => {
      for (const [height, width] of [
        [20, 14],
        [11, 11],
        [10, 30],
        [3, 3],
        [1, 5],
      ] as const) {
        const random = createRandom(height);
        const shape: [number, number, number, number] = [2, height, width, 3];
        const size = tf.util.sizeFromShape(shape);
        const images = tf.tensor4d(random.uniforms(size, 0, 1), shape);
        const noise = tf.tensor4d(random.normals(size, 0, 1), shape);
        const noisy = (amount: number): tf.Tensor4D => images.add(noise.mul(amount));
        assert.deepEqual(Array.from(ssim(images, images)), [1, 1]);
        assertClose(ssim(images, noisy(0.1)), ssim(noisy(0.1), images));
        const [little, much] = [ssim(images, noisy(0.01)), ssim(images, noisy(0.3))];
        for (const i of [0, 1])
          assert.ok((little[i] as number) < 1 && (much[i] as number) < (little[i] as number));
      }
    }),
  ));
