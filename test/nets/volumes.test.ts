import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { norm, type Style } from '../../src/nets/blocks.ts';
import { heNormal } from '../../src/nets/initialisers.ts';
import { resizeVolume } from '../../src/nets/volume-blocks.ts';
import { createRandom } from '../../src/random.ts';
import { assertClose } from '../support.ts';

type Volume = [number, number, number];

const shape: [number, number, number, number] = [4, 5, 6, 2];
const values = createRandom(1).uniforms(2 * 4 * 5 * 6 * 2, 0, 1);
const volumes = () => tf.tensor(values, [2, ...shape]);

function run(layers: (x: tf.SymbolicTensor) => tf.SymbolicTensor): Float32Array {
  const input = tf.input({ shape });
  const model = tf.model({ inputs: input, outputs: layers(input) });
  const output = tf.tidy(() => (model.predict(volumes()) as tf.Tensor).dataSync() as Float32Array);
  model.dispose();
  return output;
}

describe('volumes', () => {
  before(() => tf.setBackend('cpu'));

  test('are cut from both sides, one more behind', () => {
    const expected = tf.tidy(() => volumes().slice([0, 1, 0, 1, 0], [2, 2, 4, 3, 2]).dataSync());
    assert.deepEqual(
      run((x) => resizeVolume(x, [2, 4, 3], 'cut')),
      expected,
    );
  });

  test('are padded on both sides, one more behind, and the padding is cut away again', () => {
    const sides: [number, number][] = [
      [0, 0],
      [1, 1],
      [0, 1],
      [2, 3],
      [0, 0],
    ];
    const expected = tf.tidy(() => tf.pad(volumes(), sides).dataSync());
    const larger: Volume = [6, 6, 11];
    assert.deepEqual(
      run((x) => resizeVolume(x, larger, 'pad')),
      expected,
    );
    const back = run((x) => resizeVolume(resizeVolume(x, larger, 'pad'), [4, 5, 6], 'cut'));
    assert.deepEqual(back, values);
  });

  test('are normalised as their slices are', () => {
    const style: Style = {
      random: createRandom(1),
      kernel: heNormal,
      norm: { epsilon: 0.5, momentum: 0.9, scale: true },
    };
    // Averages begin at 0 and variances at 1.
    const expected = values.map((value) => value / Math.sqrt(1.5));
    assertClose(
      run((x) => norm(style, x, 'norm')),
      expected,
    );
  });
});
