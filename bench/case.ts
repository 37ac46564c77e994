// The nets and batches of bench/cases.json.

import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../src/data/dataset.ts';
import { lossOf } from '../src/losses/create.ts';
import { createNet, type NetChoice } from '../src/nets/create.ts';
import { createRandom } from '../src/random.ts';
import { createOptimizer } from '../src/train/optimizers.ts';
import { type Learner, trainableWeights, trainStep } from '../src/train/step.ts';

export interface BenchmarkCase {
  readonly name: string;
  readonly net: NetChoice;
  readonly task: 'classification' | 'segmentation';
  readonly imageShape: readonly [number, number, number];
  readonly classes: number;
  readonly batch: number;
}

function randomBatch({ task, imageShape, classes, batch }: BenchmarkCase): Batch {
  const random = createRandom(1).stream('bench');
  const [height, width, channels] = imageShape;
  const shape = [batch, height, width, channels] as const;
  const labelShape = task === 'segmentation' ? [batch, height, width] : [batch];
  const labels = Int32Array.from({ length: tf.util.sizeFromShape(labelShape) }, () =>
    random.integer(classes),
  );
  const images = tf.tensor4d(random.uniforms(batch * height * width * channels, 0, 1), [...shape]);
  return {
    ids: Array(batch).fill(''),
    images,
    labels: tf.tensor(labels, labelShape, 'int32'),
    [Symbol.dispose]() {},
  };
}

/** Everything that a step of the case needs, on the engine in use. */
export function prepareCase(benchmark: BenchmarkCase) {
  const net = createNet(benchmark.net, benchmark, createRandom(1));
  const weights = trainableWeights(net);
  const loss = lossOf('crossEntropy');
  const batch = randomBatch(benchmark);
  let learner: Learner | undefined;
  const train = (step: number) => {
    // Only who trains has the memory of an optimizer.
    learner ??= { net, loss, optimizer: createOptimizer({ name: 'adam' }, weights) };
    return trainStep(learner, batch, step);
  };
  return { net, weights, loss, batch, train };
}
