// Every net of the registry builds and trains with every activation, normalisation and initialiser.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { UsageError } from '../../src/errors.ts';
import { lossOf } from '../../src/losses/create.ts';
import { ACTIVATIONS, NORMS } from '../../src/nets/blocks.ts';
import { type NetChoice, resolveNet } from '../../src/nets/create.ts';
import { INITIALISERS } from '../../src/nets/initialisers.ts';
import { styleOptions } from '../../src/nets/style.ts';
import { createRandom } from '../../src/random.ts';
import { optimizerOf, trainStep } from '../../src/train/step.ts';
import { noTensorLeak } from '../support.ts';
import { batch, build, randomImages, type Tiny, tinies } from './tinies.ts';

const norms = [...NORMS, 'none'];
/** Each choice of each option at least once, with many of the others: their numbers have no common divisor. */
const styles = Object.keys(INITIALISERS).map((initialiser, i) => ({
  activation: ACTIVATIONS[i % ACTIVATIONS.length] as string,
  norm: norms[i % norms.length] as string,
  initialiser,
}));

/** Labels of class 0 or 1, of the shape of the logits without classes. */
function randomLabels(logits: tf.SymbolicTensor): tf.Tensor {
  const shape = [batch, ...(logits.shape.slice(1, -1) as number[])];
  const values = createRandom(5).uniforms(tf.util.sizeFromShape(shape), 0, 2);
  return tf.tensor(Int32Array.from(values), shape, 'int32');
}

async function trainOneStep(tiny: Tiny): Promise<void> {
  const net = build(tiny);
  using optimizer = optimizerOf({ name: 'sgd', learningRate: 1e-3, momentum: 0 }, net);
  const read = () => net.model.trainableWeights.map((weight) => weight.read().dataSync().slice());
  const before = read();
  const images = randomImages(tiny) as tf.Tensor4D;
  const labels = randomLabels(net.model.outputs[0]!);
  const ids = Array.from({ length: batch }, (_, i) => String(i));
  using batchOfTiny = { ids, images, labels, [Symbol.dispose]: () => tf.dispose([images, labels]) };
  const loss = await trainStep({ net, optimizer, loss: lossOf('crossEntropy') }, batchOfTiny, 1);
  assert.ok(Number.isFinite(loss) && loss > 0, `the loss is ${loss}`);
  const after = read();
  assert.ok(after.every((values) => values.every(Number.isFinite)));
  assert.notDeepEqual(after, before);
  net.model.dispose();
}

describe('the shared options', () => {
  before(() => useEngine('auto'));

  test('every choice stands in one of the styles tried', () => {
    const tried = (option: 'activation' | 'norm') =>
      [...new Set(styles.map((style) => style[option]))].sort();
    assert.deepEqual(tried('activation'), [...ACTIVATIONS].sort());
    assert.deepEqual(tried('norm'), [...norms].sort());
  });

  for (const [name, [tiny]] of Object.entries(tinies)) {
    const { defaults } = resolveNet(tiny!.choice).definition;
    const shares = Object.keys(styleOptions()).every((option) => Object.hasOwn(defaults, option));
    test(`${name} trains a step in each style`, {
      skip: !shares && 'it has not these options yet',
    }, async () => {
      await noTensorLeak(async () => {
        for (const style of styles) {
          const choice = { ...tiny!.choice, ...style } as NetChoice;
          await trainOneStep({ ...tiny!, choice }).catch((error) => {
            throw new Error(`${JSON.stringify(style)}: ${error.message}`, { cause: error });
          });
        }
      });
    });

    for (const option of ['activation', 'norm', 'initialiser']) {
      test(`${name} refuses another ${option}`, { skip: !shares && 'it has not these options yet' }, () => {
        const choice = { ...tiny!.choice, [option]: 'other' } as NetChoice;
        const message = new RegExp(`"${option}" of ${name}: expected .* received "other"`);
        assert.throws(
          () => build({ ...tiny!, choice }),
          (error: Error) => error instanceof UsageError && message.test(error.message),
        );
      });
    }
  }
});
