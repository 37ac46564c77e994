/** Times the kernels of a training step of one benchmark case, one by one; prints one JSON line. Run by bench/run.ts. */
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../src/engine/engine.ts';
import { createRandom } from '../src/random.ts';
import { createOptimizer } from '../src/train/optimizers.ts';
import { type BenchmarkCase, prepareCase } from './case.ts';
import { describeWork, type KernelCall, recordCalls, type Work } from './kernel-calls.ts';

export interface TimedWork {
  readonly work: Work;
  /** How often a step does it. */
  readonly count: number;
  readonly milliseconds: number;
}

const random = createRandom(1).stream('kernels');

function operand(input: KernelCall['inputs'][string]): tf.Tensor {
  const shape = [...input.shape];
  const size = tf.util.sizeFromShape(shape);
  if (input.dtype !== 'int32') return tf.tensor(random.uniforms(size, 0.1, 1), shape);
  // Labels of two classes are labels of any net.
  const labels = Int32Array.from({ length: size }, (_, i) => i % 2);
  return tf.tensor(labels, shape, 'int32');
}

function time(seconds: number, body: () => void): number {
  const times: number[] = [];
  for (let i = 0; i < 2; i++) body();
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || times.length < 5) {
    const start = performance.now();
    body();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[times.length >> 1] as number;
}

function timeCall({ kernel, inputs, attributes }: KernelCall, seconds: number): number {
  const operands = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, operand(input)]));
  const run = () => tf.dispose(tf.engine().runKernel(kernel, operands, attributes));
  const milliseconds = time(seconds, () => tf.tidy(run));
  tf.dispose(operands);
  return milliseconds;
}

/** Adam over all the weights of the net: another library moves them all at once, too. */
function timeAdam(weights: readonly tf.Variable[], seconds: number): TimedWork {
  const optimizer = createOptimizer({ name: 'adam' }, weights);
  const gradients = weights.map(operand);
  let step = 0;
  const milliseconds = time(seconds, () => optimizer.step(gradients, ++step));
  tf.dispose(gradients);
  return {
    work: { operation: 'adam', x: [], sizes: weights.map(({ size }) => size) },
    count: 1,
    milliseconds,
  };
}

const [text, seconds, threads] = process.argv.slice(2) as [string, string, string];
const engine = await useEngine('auto', { threads: Number(threads) });
const { weights, train } = prepareCase(JSON.parse(text) as BenchmarkCase);
await train(1);
const calls = await recordCalls(() => train(2));
const timed: TimedWork[] = [];
for (const call of calls) {
  const work = describeWork(call);
  if (work) timed.push({ work, count: call.count, milliseconds: timeCall(call, Number(seconds)) });
}
timed.push(timeAdam(weights, Number(seconds)));
console.log(JSON.stringify({ engine: engine.name, timed }));
