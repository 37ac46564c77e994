// A model run by us against the same model run by tfjs.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { valueAndGradients } from '../../src/engine/backward.ts';
import { inferenceOf, runInTraining } from '../../src/engine/model/run.ts';
import { reseedDropout } from '../../src/nets/dropout.ts';
import { createRandom } from '../../src/random.ts';
import { createOptimizer } from '../../src/train/optimizers.ts';
import { trainableWeights } from '../../src/train/step.ts';
import { build, randomImages, type Tiny, tinies } from '../nets/tinies.ts';
import { assertClose, noTensorLeak, relativeToMaximum } from '../support.ts';
import { engines } from './engines.ts';

/** Two nets of the same weights; gains, offsets, biases and moving averages are none of them 0 or 1. */
function twins(tiny: Tiny) {
  const nets = [build(tiny), build(tiny)] as const;
  for (const { model } of nets) {
    tf.tidy(() => {
      const random = createRandom(3);
      const moved = (weight: tf.Tensor) =>
        weight.rank > 1
          ? weight
          : weight.add(tf.tensor(random.uniforms(weight.size, 0.05, 0.3), weight.shape));
      model.setWeights(model.getWeights().map(moved));
    });
    reseedDropout(model, createRandom(4));
  }
  return nets;
}

/** A sum in which every element has a weight of its own. */
const sumOf = (outputs: tf.Tensor[]) =>
  tf.addN(outputs.map((y) => y.mul(tf.sin(tf.range(0, y.size)).reshape(y.shape)).sum())) as tf.Scalar;

/** Sums over the batch are in another order, and batch norm divides by small deviations. */
function assertAlike(what: string, actual: tf.Tensor, expected: tf.Tensor, tolerance = 1e-3): void {
  const difference = relativeToMaximum(actual.dataSync(), expected.dataSync());
  assert.ok(difference <= tolerance, `${what}: relative difference ${difference}`);
}

for (const engine of engines) {
  describe(`models on ${engine.name}`, () => {
    before(() => engine.use());

    for (const tiny of Object.values(tinies).flat()) {
      const what = JSON.stringify(tiny.choice);

      it(`${what}: training gives the outputs, averages and gradients of tfjs`, async () => {
        await noTensorLeak(() => {
          const [ours, theirs] = twins(tiny);
          tf.tidy(() => {
            const images = randomImages(tiny);
            const weights = trainableWeights(ours);
            const run = valueAndGradients(() => sumOf(runInTraining(ours.model, images)), weights);
            const reference = tf.variableGrads(
              () => sumOf([theirs.model.apply(images, { training: true }) as tf.Tensor | tf.Tensor[]].flat()),
              trainableWeights(theirs),
            );
            assertAlike('value', run.value, reference.value);
            for (const [index, weight] of trainableWeights(theirs).entries()) {
              assertAlike(weight.name, run.gradients[index]!, reference.grads[weight.name]!, 1e-2);
            }
            for (const [index, weight] of ours.model.getWeights().entries()) {
              assertAlike(`average ${index}`, weight, theirs.model.getWeights()[index]!);
            }
          });
          for (const { model } of [ours, theirs]) model.dispose();
        });
      });

      it(`${what}: inference gives the logits of tfjs and their gradient, whatever the weights become`, async () => {
        await noTensorLeak(() => {
          const [net, other] = twins(tiny);
          other.model.dispose();
          {
            using infer = inferenceOf(net.model);
            using optimizer = createOptimizer({ name: 'sgd', learningRate: 0.01 }, trainableWeights(net));
            const compare = () =>
              tf.tidy(() => {
                const images = randomImages(tiny);
                const predict = (x: tf.Tensor) =>
                  [net.model.predict(x) as tf.Tensor | tf.Tensor[]].flat()[0]!;
                const expected = tf.valueAndGrad((x: tf.Tensor) => sumOf([predict(x)]))(images);
                const actual = valueAndGradients(() => sumOf([infer(images)]), [images]);
                assertAlike('logits', infer(images), predict(images), 1e-4);
                assertAlike('gradient', actual.gradients[0]!, expected.grad);
              });
            compare();
            const steps = trainableWeights(net).map((weight) => tf.onesLike(weight));
            optimizer.step(steps, 1);
            tf.dispose(steps);
            compare();
            tf.tidy(() => net.model.setWeights(net.model.getWeights().map((weight) => weight.mul(0.9))));
            compare();
          }
          net.model.dispose();
        });
      });
    }

    it('a frozen norm keeps its averages in training, and a layer that gives its input on does no harm', async () => {
      await noTensorLeak(() => {
        const input = tf.input({ shape: [4, 4, 2], name: 'frozen-in' });
        const norm = tf.layers.batchNormalization({ name: 'frozen-norm', trainable: false });
        const kept = tf.layers.dropout({ rate: 0, name: 'frozen-dropout' }).apply(input) as tf.SymbolicTensor;
        const normed = norm.apply(kept) as tf.SymbolicTensor;
        const relu = tf.layers.activation({ activation: 'relu', name: 'frozen-relu' });
        const rectified = relu.apply(normed) as tf.SymbolicTensor;
        const outputs = tf.layers.add({ name: 'frozen-add' }).apply([rectified, kept]) as tf.SymbolicTensor;
        const model = tf.model({ inputs: input, outputs });
        tf.tidy(() => {
          const images = tf.randomNormal([2, 4, 4, 2]);
          const before = model.getWeights().map((weight) => Array.from(weight.dataSync()));
          const [y] = runInTraining(model, images);
          assertClose(y!.dataSync(), (model.predict(images) as tf.Tensor).dataSync());
          assert.deepEqual(
            model.getWeights().map((weight) => Array.from(weight.dataSync())),
            before,
          );
          assert.equal(images.isDisposed, false);
        });
        model.dispose();
      });
    });
  });
}
