import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { craft } from '../../src/attacks/craft.ts';
import { createAttack } from '../../src/attacks/create.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { inference } from '../../src/robustness/target.ts';
import { quickAttacks } from '../attacks/quick.ts';
import { assertClose, noTensorLeak } from '../support.ts';

const crossEntropy = lossOf('crossEntropy');

before(() => useEngine('auto'));

/** A net with what differs between training and inference, and an auxiliary head. */
function build(): tf.LayersModel {
  const kernelInitializer = tf.initializers.glorotUniform({ seed: 3 });
  const input = tf.input({ shape: [8, 8, 1] });
  const conv = tf.layers.conv2d({ filters: 4, kernelSize: 3, kernelInitializer }).apply(input);
  const normal = tf.layers.batchNormalization({ epsilon: 1e-3 }).apply(conv);
  const dropped = tf.layers.dropout({ rate: 0.5, seed: 1 }).apply(normal);
  const pooled = tf.layers.globalAveragePooling2d({}).apply(dropped) as tf.SymbolicTensor;
  const heads = ['main', 'auxiliary'].map((name) =>
    tf.layers
      .dense({ name, units: 3, kernelInitializer: tf.initializers.glorotUniform({ seed: name.length }) })
      .apply(pooled),
  );
  return tf.model({ inputs: input, outputs: heads as tf.SymbolicTensor[] });
}

test('every attack leaves weights and moving statistics as they were, and random layers off', async () => {
  await noTensorLeak(() => {
    const model = build();
    using net = inference(model);
    tf.tidy(() => {
      const random = createRandom(2);
      const images = tf.tensor4d(random.uniforms(3 * 64, 0, 1), [3, 8, 8, 1]);
      const target = { logits: net.logits, labels: tf.tensor1d([0, 1, 2], 'int32'), loss: crossEntropy };
      const weights = () => model.getWeights().map((weight) => Array.from(weight.dataSync()));
      const before = weights();
      for (const norm of ['linf', 'l2', 'l1', 'l0'] as const) {
        const epsilon = norm === 'l0' ? 3 : 0.1;
        for (const attack of quickAttacks(norm, 'classification')) {
          const run = () => craft(attack, images, target, { norm, epsilon }, createRandom(3)).dataSync();
          assert.deepEqual(run(), run(), attack.name);
          assert.deepEqual(weights(), before, attack.name);
        }
      }
    });
    model.dispose();
  });
});

test('an attack sees the first output in inference mode, and changes nothing in the net', async () => {
  await noTensorLeak(() => {
    const model = build();
    using net = inference(model);
    tf.tidy(() => {
      const random = createRandom(2);
      const images = tf.tensor4d(random.uniforms(4 * 64, 0, 1), [4, 8, 8, 1]);
      const labels = tf.tensor1d([0, 1, 2, 0], 'int32');
      const [main] = model.predict(images) as tf.Tensor[];
      assertClose(net.logits(images).dataSync(), (main as tf.Tensor).dataSync());

      const weights = model.getWeights().map((weight) => Array.from(weight.dataSync()));
      const target = { logits: net.logits, labels, loss: crossEntropy };
      craft(createAttack({ name: 'pgd', steps: 3 }), images, target, { norm: 'linf', epsilon: 0.1 }, random);
      assert.deepEqual(
        model.getWeights().map((weight) => Array.from(weight.dataSync())),
        weights,
      );

      const layer = model.getLayer('main');
      layer.setWeights(layer.getWeights().map((weight) => weight.mul(2)));
      const [trained] = model.predict(images) as tf.Tensor[];
      assertClose(net.logits(images).dataSync(), (trained as tf.Tensor).dataSync());
    });
    model.dispose();
  });
});
