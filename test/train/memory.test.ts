// Training, attacking and evaluating for long take no more memory than for a short while.

import assert from 'node:assert/strict';
import { before, it, type TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs';
import { craft } from '../../src/attacks/craft.ts';
import { createAttack } from '../../src/attacks/create.ts';
import { batches } from '../../src/data/batches.ts';
import { openDataset } from '../../src/data/create.ts';
import { lossOf } from '../../src/losses/create.ts';
import { reseedDropout, SeededDropout } from '../../src/nets/dropout.ts';
import { createRandom } from '../../src/random.ts';
import { accuracy } from '../../src/robustness/metrics/accuracy.ts';
import { inference } from '../../src/robustness/target.ts';
import { measureClean } from '../../src/train/measure.ts';
import { createOptimizer } from '../../src/train/optimizers.ts';
import { trainableWeights, trainStep } from '../../src/train/step.ts';
import { describeNative, nativeBackend } from '../engine/onednn/support.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What compiled code and freed pages may take; a leak of 20 kB a step is more. */
const mostGrowth = 20 * 2 ** 20;

const data = await openDataset({ name: 'skinLesions', count: 64, size: 16, difficulty: 0 });
const classes = data.classes.length;
const loss = lossOf('crossEntropy');
const random = createRandom(5);

/** A convolution, batch normalisation, dropout and a dense layer. */
function smallNet(): tf.LayersModel {
  const images = tf.input({ shape: [...data.imageShape] });
  const layers = [
    tf.layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same', useBias: false }),
    tf.layers.batchNormalization({}),
    tf.layers.reLU(),
    tf.layers.maxPooling2d({ poolSize: 2 }),
    tf.layers.flatten(),
    new SeededDropout({ name: 'dropout', rate: 0.3, random }),
    tf.layers.dense({ units: classes }),
  ];
  const logits = layers.reduce((x, layer) => layer.apply(x) as tf.SymbolicTensor, images);
  return tf.model({ inputs: images, outputs: logits });
}

interface Usage {
  readonly tensors: number;
  readonly buffers: number;
  readonly stored: number;
  readonly taken: number;
  readonly idle: number;
}

function usage(): Usage {
  const { numTensors, numDataBuffers } = tf.memory();
  const backend = nativeBackend();
  return {
    tensors: numTensors,
    buffers: numDataBuffers,
    stored: backend.numDataIds(),
    ...backend.pool.bytes,
  };
}

/** Of the process, without what V8 holds ready for later: its young generation comes and goes by 20 MB. */
function residentBytes(): number {
  collectGarbage();
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  return rss - heapTotal + heapUsed;
}

/** Once `warmUp` has run, `body` leaves tensors and pool as they are, and grows the process by at most `mostGrowth`. */
async function assertSteady(t: TestContext, warmUp: () => Promise<void>, body: () => Promise<void>) {
  await warmUp();
  const [before, resident] = [usage(), residentBytes()];
  await body();
  const growth = residentBytes() - resident;
  t.diagnostic(
    `grew by ${(growth / 2 ** 20).toFixed(1)} MB; the pool holds ${before.taken + before.idle} bytes`,
  );
  assert.deepEqual(usage(), before);
  assert.ok(growth < mostGrowth, `grew by ${growth} bytes`);
}

async function times(count: number, body: (index: number) => Promise<void>): Promise<void> {
  for (let index = 0; index < count; index++) await body(index);
}

describeNative('memory stays what it is', () => {
  // In this mode tfjs itself keeps a number for every kernel that ever ran.
  before(() => tf.env().set('IS_TEST', false));

  it('over 1,000 training steps', async (t) => {
    const net = { name: 'small', model: smallNet(), auxiliaryWeights: [] };
    using optimizer = createOptimizer({ name: 'adam' }, trainableWeights(net));
    let step = 0;
    const epoch = async () => {
      for await (using batch of batches(data, { size: 8 })) {
        step++;
        reseedDropout(net.model, random.stream(`dropout/${step}`));
        await trainStep({ net, loss, optimizer }, batch, step);
      }
    };
    await assertSteady(
      t,
      () => times(50, epoch),
      () => times(125, epoch),
    );
    assert.equal(step, 175 * 8);
    net.model.dispose();
  });

  it('over 300 attack steps', async (t) => {
    const model = smallNet();
    using classifier = inference(model);
    const attack = createAttack({ name: 'pgd', steps: 10 });
    const score = accuracy.perImage as NonNullable<typeof accuracy.perImage>;
    let passes = 0;
    // The same each time: how many images are left to attack, and so the sizes of tensors, depends on the draw.
    const attacks = async () => {
      for await (using batch of batches(data, { size: 8 })) {
        const counted: typeof loss = (...scored) => {
          passes++;
          return loss(...scored);
        };
        const target = { logits: classifier.logits, labels: batch.labels, loss: counted, score };
        const threat = { norm: 'linf', epsilon: 0.001 } as const;
        craft(attack, batch.images, target, threat, random.stream('attack')).dispose();
      }
    };
    await assertSteady(t, attacks, () => times(4, attacks));
    assert.ok(passes >= 300, `${passes} passes`);
    model.dispose();
  });

  it('over 100 evaluations', async (t) => {
    const model = smallNet();
    const options = { metrics: ['accuracy', 'auroc'], loss: 'crossEntropy', batchSize: 8 } as const;
    const evaluate = async () => {
      using classifier = inference(model);
      await measureClean(classifier, data, options);
    };
    await assertSteady(
      t,
      () => times(10, evaluate),
      () => times(100, evaluate),
    );
    model.dispose();
  });
});
