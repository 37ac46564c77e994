/** Times one pass of one benchmark case; prints one JSON line. Run by bench/run.ts. */
import * as tf from '@tensorflow/tfjs';
import { gradient } from '../src/attacks/gradient.ts';
import { useEngine } from '../src/engine/engine.ts';
import { inference } from '../src/robustness/target.ts';
import { type BenchmarkCase, prepareCase } from './case.ts';

/** A step of training, the gradient by the images that an attack takes, or logits alone. */
export type Pass = 'train' | 'inputGradient' | 'inference';

type Arguments = [benchmark: string, pass: Pass, seconds: string, threads: string, precision: 'f32' | 'bf16'];
const [text, name, seconds, threads, precision] = process.argv.slice(2) as Arguments;
const engine = await useEngine('auto', {
  threads: Number(threads),
  precision: precision === 'bf16' ? 'bf16' : 'float32',
});
const { net, weights, loss, batch, train } = prepareCase(JSON.parse(text) as BenchmarkCase);
using target = inference(net.model);
const { logits } = target;

/** Runs the pass, and fetches a number of the result, so that no engine can leave work undone. */
const passes: Record<Pass, (step: number) => unknown> = {
  train,
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
// As long again before it counts: V8 compiles what runs often, and a training has thousands of steps.
const warm = performance.now() + Number(seconds) * 1000;
const end = warm + Number(seconds) * 1000;
for (let step = 1; performance.now() < end || times.length < 5; step++) {
  const start = performance.now();
  await pass(step);
  if (start > warm) times.push(performance.now() - start);
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
