import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { valueAndGradients } from '../../src/engine/backward.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { atWorstWeights } from '../../src/train/defences/weight-perturbation.ts';
import { trainableWeights, trainingLoss, trainStep } from '../../src/train/step.ts';
import { assertClose, noTensorLeak } from '../support.ts';
import { batchOf, createWatched } from './defended.ts';

before(() => useEngine('auto'));

const gamma = 0.05;

test('the loss and gradients are those where kernels moved by gamma of their norm; then all is as before', () =>
  noTensorLeak(() => {
    using watched = createWatched('classification');
    using moved = createWatched('classification');
    using batch = batchOf('classification');
    const lossOf =
      ({ learner: { net, loss } }: typeof watched) =>
      () =>
        trainingLoss(net, loss, batch);
    const earlier = watched.weights();
    const found = atWorstWeights(watched.learner.net, gamma, lossOf(watched));

    // The same by hand, on another net of the same weights.
    const weights = trainableWeights(moved.learner.net);
    const { value: plain, gradients } = valueAndGradients(lossOf(moved), weights);
    tf.tidy(() => {
      for (const [i, weight] of weights.entries()) {
        if (weight.rank < 2) continue;
        const norm = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));
        const [w, g] = [weight.dataSync(), gradients[i]!.dataSync()];
        const by = (gamma * norm(w)) / norm(g);
        weight.assign(
          tf.tensor(
            w.map((value, k) => value + by * g[k]!),
            weight.shape,
          ),
        );
      }
    });
    for (const weight of moved.learner.net.model.nonTrainableWeights) {
      tf.tidy(() => {
        weight.write(tf.tensor(earlier[weight.originalName]!, weight.shape as number[]));
      });
    }
    const expected = valueAndGradients(lossOf(moved), weights);
    assertClose(found.value.dataSync(), expected.value.dataSync());
    assert.ok(found.value.dataSync()[0]! > plain.dataSync()[0]!, 'the worst weights are no worse');
    for (const [i, gradient] of expected.gradients.entries()) {
      assertClose(found.gradients[i]!.dataSync(), gradient!.dataSync(), { relative: 1e-3, absolute: 1e-5 });
    }
    // The kernels are back, and statistics have moved once.
    const [later, movedOnce] = [watched.weights(), moved.weights()];
    for (const [name, values] of Object.entries(later)) {
      if (name.includes('moving')) assertClose(values, movedOnce[name]!, { what: name });
      else assert.deepEqual(values, earlier[name], name);
    }
    for (const { value, gradients: some } of [found, expected]) tf.dispose([value, some as tf.Tensor[]]);
    tf.dispose([plain, gradients as tf.Tensor[]]);
  }));

for (const name of ['pgd', 'trades', 'mart'] as const) {
  test(`${name} with weight perturbation trains, and otherwise than without`, () =>
    noTensorLeak(async () => {
      using batch = batchOf('classification');
      const train = async (awp: number, elapsed: number) => {
        using watched = createWatched('classification', { name, steps: 2, warmUp: 1, awp });
        for (let step = 1; step <= 3; step++) await trainStep(watched.learner, batch, step, { elapsed });
        return watched.weights();
      };
      const [with2, without] = [await train(0.01, 2), await train(0, 2)];
      assert.notDeepEqual(with2, without);
      assert.ok(Object.values(with2).every((values) => values.every(Number.isFinite)));
      // It begins when the warm-up has ended.
      assert.deepEqual(await train(0.01, 0.5), await train(0, 0.5));
    }));
}
