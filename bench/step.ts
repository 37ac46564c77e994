/** Times one pass of one benchmark case; prints one JSON line. Run by bench/run.ts. */
import * as tf from '@tensorflow/tfjs';
import { gradient } from '../src/attacks/gradient.ts';
import type { Batch } from '../src/data/dataset.ts';
import { useEngine } from '../src/engine/engine.ts';
import { lossOf } from '../src/losses/create.ts';
import { createNet, type NetChoice } from '../src/nets/create.ts';
import { createRandom } from '../src/random.ts';
import { inference } from '../src/robustness/target.ts';
import { createOptimizer } from '../src/train/optimizers.ts';
import { trainableWeights, trainStep } from '../src/train/step.ts';

export interface BenchmarkCase {
  readonly name: string;
  readonly net: NetChoice;
  readonly task: 'classification' | 'segmentation';
  readonly imageShape: readonly [number, number, number];
  readonly classes: number;
  readonly batch: number;
}

/** A step of training, the gradient by the images that an attack takes, or logits alone. */
export const PASSES = ['train', 'inputGradient', 'inference'] as const;
export type Pass = (typeof PASSES)[number];

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

const [text, name, seconds, threads] = process.argv.slice(2) as [string, Pass, string, string];
const benchmark = JSON.parse(text) as BenchmarkCase;
const engine = await useEngine('auto', { threads: Number(threads) });
const net = createNet(benchmark.net, benchmark, createRandom(1));
const weights = trainableWeights(net);
const loss = lossOf('crossEntropy');
const learner = { net, loss, optimizer: createOptimizer({ name: 'adam' }, weights) };
const batch = randomBatch(benchmark);
using target = inference(net.model);
const { logits } = target;

/** Runs the pass, and fetches a number of the result, so that no engine can leave work undone. */
const passes: Record<Pass, (step: number) => unknown> = {
  train: (step) => trainStep(learner, batch, step),
  inputGradient: () =>
    tf.tidy(() =>
      gradient((images) => loss(logits(images), batch.labels), batch.images)
        .sum()
        .dataSync(),
    ),
  inference: () => tf.tidy(() => logits(batch.images).sum().dataSync()),
};

const pass = passes[name];
const times: number[] = [];
const warmUp = 3;
for (let step = 1, end = Number.POSITIVE_INFINITY; performance.now() < end || times.length < 5; step++) {
  const start = performance.now();
  await pass(step);
  if (step > warmUp) times.push(performance.now() - start);
  if (step === warmUp) end = performance.now() + Number(seconds) * 1000;
}
times.sort((a, b) => a - b);
console.log(
  JSON.stringify({
    engine: engine.name,
    milliseconds: times[times.length >> 1],
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
    parameters: weights.reduce((sum, { size }) => sum + size, 0),
  }),
);
