// What the ensemble sets for its members.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Target } from '../../src/attacks/attack.ts';
import { craft } from '../../src/attacks/craft.ts';
import { createAttack } from '../../src/attacks/create.ts';
import type { NormName } from '../../src/attacks/threat.ts';
import { gradientLog } from '../../src/attacks/watch.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { noTensorLeak } from '../support.ts';

before(() => useEngine('auto'));

/** Of three classes, of which the first wins whatever is done; each pass is noted by what it is of. */
function stubborn(passes: number[]): Target {
  return {
    labels: tf.tensor1d([0], 'int32'),
    loss: lossOf('crossEntropy'),
    logits(images) {
      passes.push(images.dataSync<'float32'>().reduce((sum, value, i) => sum + value * Math.sqrt(i + 1), 0));
      const mean = images.mean([1, 2, 3]);
      return tf.stack([mean.add(50), mean.square(), mean.neg()], 1);
    },
  };
}

async function run(norm: NormName, epsilon: number, options: { targets?: number; queries?: number }) {
  const passes: number[] = [];
  const log = gradientLog();
  await noTensorLeak(() =>
    tf.tidy(() => {
      const images = tf.tensor4d(createRandom(3).uniforms(64, 0.3, 0.7), [1, 8, 8, 1]);
      const attack = createAttack({ name: 'autoAttack', steps: 2, targets: 2, queries: 1, ...options });
      craft(attack, images, stubborn(passes), { norm, epsilon }, createRandom(1), log);
    }),
  );
  return { passes, gradients: log.gradients };
}

test('squares become small by the published schedule, whatever the number of queries', async () => {
  const { passes: few } = await run('linf', 0.1, { queries: 12 });
  const { passes: many } = await run('linf', 0.1, { queries: 24 });
  assert.equal(many.length, few.length + 12);
  // The last passes judge what is returned.
  const begins = few.length - 3;
  assert.deepEqual(many.slice(0, begins), few.slice(0, begins));
});

test('in l1 Auto-PGD begins five times, and goes for five classes at most', async () => {
  const [linf, l1] = [await run('linf', 0.1, { targets: 2 }), await run('l1', 3, { targets: 2 })];
  assert.equal(l1.gradients - linf.gradients, 4 * 2);
});
