// Nets that are trained here and have no defect raise no flag, and the same nets in training mode do.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type * as tf from '@tensorflow/tfjs';
import { batches } from '../../src/data/batches.ts';
import { openDataset } from '../../src/data/create.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { runInTraining } from '../../src/engine/model/run.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createNet, type NetChoice } from '../../src/nets/create.ts';
import { createRandom } from '../../src/random.ts';
import type { MetricName } from '../../src/robustness/metrics/create.ts';
import { inference } from '../../src/robustness/target.ts';
import { createOptimizer } from '../../src/train/optimizers.ts';
import { trainableWeights, trainStep } from '../../src/train/step.ts';
import { noTensorLeak } from '../support.ts';
import { evaluated, findingsOf, namesOf, subjectOf } from './diagnosed.ts';

before(() => useEngine('auto'));

/** `thorough`: the costly checks, too. */
const nets: readonly (readonly [NetChoice, MetricName, thorough?: boolean])[] = [
  [{ name: 'resnet', depth: 18, stem: 'small', filters: 4 }, 'accuracy', true],
  [{ name: 'mobilenetV1', stem: 'small', width: 0.25, stageDepths: [1, 1, 1, 1, 1] }, 'accuracy'],
  [{ name: 'densenet', preset: 'densenetCifar40', stageDepths: [2, 2], growth: 6 }, 'accuracy'],
  [{ name: 'unet', depth: 2, filters: 4 }, 'dice', true],
];

/** Some epochs on drawn lesions; and the first images, which it has learned. */
async function trained(choice: NetChoice, metric: MetricName) {
  const task = metric === 'dice' ? 'segmentation' : 'classification';
  const data = await openDataset({ name: 'skinLesions', count: 48, size: 16, difficulty: 0, task });
  const shape = { task, imageShape: data.imageShape, classes: data.classes.length } as const;
  const net = createNet(choice, shape, createRandom(1));
  using optimizer = createOptimizer({ name: 'adam', learningRate: 0.01 }, trainableWeights(net));
  const loss = lossOf('crossEntropy');
  let step = 0;
  for (let epoch = 0; epoch < 6; epoch++) {
    for await (using batch of batches(data, { size: 8 }))
      await trainStep({ net, loss, optimizer }, batch, ++step);
  }
  for await (const batch of batches(data, { size: 16, prefetch: 0 })) return { net, batch };
  throw new Error('no images');
}

for (const [choice, metric, thorough] of nets) {
  test(`${choice.name}: sound in inference mode, found out in training mode, and left as it was`, () =>
    noTensorLeak(async () => {
      const { net, batch } = await trained(choice, metric);
      const weights = () => net.model.getWeights().map((weight) => Array.from(weight.dataSync()));
      const before = weights();
      const options = { metric, epsilon: 4 / 255 };
      using target = inference(net.model);
      const { images, labels } = batch;
      const examined = { images, labels, logits: target.logits };
      const curves = await evaluated(examined, options);
      assert.ok((curves.worst.points[0]?.value as number) > 0.5, 'it has learned');
      assert.deepEqual(namesOf(curves), []);
      const found = thorough ? findingsOf(subjectOf(examined, options)) : {};
      for (const [name, finding] of Object.entries(found)) {
        assert.notEqual(finding.verdict, 'raised', `${name}: ${JSON.stringify(finding)}`);
      }
      assert.deepEqual(weights(), before);

      const inTraining = (x: tf.Tensor4D) => runInTraining(net.model, x)[0] as tf.Tensor;
      const names = namesOf(await evaluated({ ...examined, logits: inTraining }, options));
      assert.ok(names.includes('batch-dependent'), `raised: ${names}`);
      batch[Symbol.dispose]();
      net.model.dispose();
    }));
}
