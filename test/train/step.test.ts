// How auxiliary heads enter a step.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createNet, type NetChoice } from '../../src/nets/create.ts';
import { createRandom } from '../../src/random.ts';
import { createOptimizer } from '../../src/train/optimizers.ts';
import { trainableWeights, trainStep } from '../../src/train/step.ts';
import { assertClose } from '../support.ts';

before(() => useEngine('auto'));

const imageShape = [10, 12, 1] as const;

function makeBatch() {
  const random = createRandom(5);
  const images = tf.tensor4d(random.uniforms(2 * 120, 0, 1), [2, ...imageShape]);
  const labels = tf.tidy(() => images.squeeze([3]).greater(0.6).toInt());
  return { ids: ['a', 'b'], images, labels, [Symbol.dispose]: () => tf.dispose([images, labels]) };
}

/** A step of gradient descent: the loss before it, what the heads cost one by one, and the layers whose kernels moved. */
async function step(choice: NetChoice) {
  const net = createNet(choice, { task: 'segmentation', imageShape, classes: 2 }, createRandom(1));
  const loss = lossOf('diceCrossEntropy');
  using batch = makeBatch();
  using optimizer = createOptimizer({ name: 'sgd', learningRate: 0.1 }, trainableWeights(net));
  const costs = tf.tidy(() => {
    const logits = [net.model.apply(batch.images, { training: true })].flat() as tf.Tensor[];
    return logits.map((output) => loss(output, batch.labels).mean().dataSync()[0]!);
  });
  const kernels = () =>
    new Map(
      net.model.trainableWeights.map((weight) => [weight.originalName, weight.read().dataSync().slice()]),
    );
  const earlier = kernels();
  const total = await trainStep({ net, loss, optimizer }, batch, 1);
  const moved = [...kernels()].filter(([name, values]) =>
    values.some((value, i) => value !== earlier.get(name)![i]),
  );
  net.model.dispose();
  return { total, costs, moved: moved.map(([name]) => name.split('/')[0]), weights: net.auxiliaryWeights };
}

for (const name of ['unet', 'resUnet', 'unetPlusPlus'] as const) {
  const choice = { name, depth: 3, filters: 2, dropout: 0, deepSupervision: true, padInput: true } as const;

  test(`the loss of ${name} is that of its last head and of the others by their weights`, async () => {
    const { total, costs, weights } = await step(choice);
    assert.equal(costs.length, 3);
    assertClose([total], [costs[0]! + weights[0]! * costs[1]! + weights[1]! * costs[2]!], { relative: 1e-5 });
  });

  test(`the heads of ${name} are trained, but those of weight 0`, async () => {
    const { moved } = await step({ ...choice, supervisionWeights: [0.5, 0] });
    const [trained, idle] = name === 'unetPlusPlus' ? ['head2', 'head1'] : ['head2', 'head3'];
    assert.ok(moved.includes('head') && moved.includes(trained!));
    assert.ok(!moved.includes(idle!));
  });
}
