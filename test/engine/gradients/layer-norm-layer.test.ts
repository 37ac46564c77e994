import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../support.ts';
import { engines } from '../engines.ts';
import { checkGradients, distinctValues } from '../finite-differences.ts';

const shape = [2, 3, 4, 5];

/** Runs `body` on a built layer and an input, and disposes both. */
function withLayer(
  options: Parameters<typeof tf.layers.layerNormalization>[0],
  body: (run: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor) => void,
): void {
  const layer = tf.layers.layerNormalization(options);
  layer.build(shape);
  tf.tidy(() => body((x) => layer.apply(x) as tf.Tensor, tf.tensor(distinctValues(120, 1), shape)));
  for (const weight of layer.weights) weight.dispose();
}

for (const engine of engines) {
  describe(`layerNormalization on ${engine.name}`, () => {
    before(() => engine.use());

    for (const axis of [-1, [1, 3]]) {
      for (const options of [{}, { scale: false, center: false }]) {
        const what = `axis ${JSON.stringify(axis)}, ${JSON.stringify(options)}`;

        test(`mean 0 and variance 1: ${what}`, () => {
          // Epsilon 1e-6 beside variances of at least 0.01 moves them by 1e-4.
          withLayer({ axis, epsilon: 1e-6, ...options }, (run, x) => {
            const { mean, variance } = tf.moments(run(x), axis);
            assertClose(mean.dataSync(), new Float32Array(mean.size));
            assertClose(variance.dataSync(), new Float32Array(variance.size).fill(1), { relative: 1e-4 });
          });
        });

        test(`gradient: ${what}`, () => {
          withLayer({ axis, ...options }, (run, x) =>
            checkGradients((values) => run(values!), [x], 2 ** -7, 4e-3),
          );
        });
      }
    }
  });
}
