import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { reseedDropout, SeededDropout } from '../../src/nets/dropout.ts';
import { createRandom } from '../../src/random.ts';
import { noTensorLeak } from '../support.ts';

const [rows, columns, rate] = [100, 200, 0.3];

function dropoutModel(seed = 1): tf.LayersModel {
  const input = tf.input({ shape: [columns] });
  const layer = (name: string) => new SeededDropout({ name, rate, random: createRandom(seed) });
  return tf.model({
    inputs: input,
    outputs: ['first', 'second'].map((name) => layer(name).apply(input) as tf.SymbolicTensor),
  });
}

/** What each of the two layers makes of ones: its mask. */
function masks(model: tf.LayersModel, training = true): number[][] {
  return tf.tidy(() => {
    const outputs = model.apply(tf.ones([rows, columns]), { training }) as tf.Tensor[];
    return outputs.map((output) => Array.from(output.dataSync()));
  });
}

describe('dropout', () => {
  before(() => tf.setBackend('cpu'));

  test('is the identity at inference', async () => {
    await noTensorLeak(() => {
      for (const mask of masks(dropoutModel(), false)) assert.ok(mask.every((value) => value === 1));
    });
  });

  test('zeroes the rate and scales what is left', async () => {
    const [mask] = await noTensorLeak(() => masks(dropoutModel()));
    const kept = mask!.filter((value) => value !== 0);
    assert.ok(kept.every((value) => value === Math.fround(1 / (1 - rate))));
    // Six standard deviations of a share of 20 000 draws.
    const tolerance = 6 * Math.sqrt((rate * (1 - rate)) / (rows * columns));
    assert.ok(Math.abs(1 - kept.length / (rows * columns) - rate) < tolerance);
  });

  test('lets the gradient through its mask', async () => {
    await noTensorLeak(() => {
      const [gradient, mask] = tf.tidy(() => {
        const layer = new SeededDropout({ name: 'dropout', rate, random: createRandom(5) });
        const f = (x: tf.Tensor) => layer.apply(x, { training: true }) as tf.Tensor;
        const x = tf.ones([rows, columns]);
        const gradient = tf.grad(f)(x).dataSync();
        layer.reseed(createRandom(5));
        return [gradient, f(x).dataSync()];
      });
      assert.deepEqual(gradient, mask);
    });
  });

  test('draws the same after reseeding, something else in the next step and in the next layer', () => {
    const model = dropoutModel();
    const random = createRandom(7);
    const step = (name: string) => {
      reseedDropout(model, random.stream(name));
      return masks(model);
    };
    const first = step('dropout/1');
    const second = step('dropout/2');
    assert.deepEqual(step('dropout/1'), first);
    assert.notDeepEqual(second, first);
    assert.notDeepEqual(first[0], first[1]);
    // In other words a resumed run, whose layers have another past, draws the same.
    const other = dropoutModel(99);
    masks(other);
    reseedDropout(other, random.stream('dropout/2'));
    assert.deepEqual(masks(other), second);
  });

  test('is saved as the standard layer', () => {
    const layer = new SeededDropout({ name: 'dropout', rate, random: createRandom(1) });
    assert.equal(layer.getClassName(), 'Dropout');
    const loaded = tf.layers.dropout({ ...layer.getConfig(), rate }) as unknown as {
      rate: number;
      name: string;
    };
    assert.equal(loaded.rate, rate);
    assert.equal(loaded.name, 'dropout');
  });
});
