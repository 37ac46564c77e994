/**
 * Where the time of a training step goes, kernel by kernel: `tsx bench/kernels.ts [case of cases.json] [steps]`.
 *
 * "in JavaScript" counts calls that no native kernel took; the time of a kernel includes what it calls.
 */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../src/data/dataset.ts';
import { useEngine } from '../src/engine/engine.ts';
import { OneDnnBackend } from '../src/engine/onednn/backend.ts';
import { lossOf } from '../src/losses/create.ts';
import { createNet } from '../src/nets/create.ts';
import { createRandom } from '../src/random.ts';
import { createOptimizer } from '../src/train/optimizers.ts';
import { trainableWeights, trainStep } from '../src/train/step.ts';
import type { BenchmarkCase } from './step.ts';

interface Tally {
  calls: number;
  milliseconds: number;
  inJavaScript: number;
}

/** Puts a clock around every kernel of a backend. */
function timeKernels(backend: string, tallies: Map<string, Tally>): void {
  for (const kernel of tf.getKernelsForBackend(backend)) {
    tf.unregisterKernel(kernel.kernelName, backend);
    const tally: Tally = { calls: 0, milliseconds: 0, inJavaScript: 0 };
    tallies.set(kernel.kernelName, tally);
    tf.registerKernel({
      ...kernel,
      kernelFunc: (kernelArguments) => {
        const start = performance.now();
        const outputs = kernel.kernelFunc(kernelArguments);
        tally.milliseconds += performance.now() - start;
        tally.calls++;
        if (!isOurs(outputs, kernelArguments.inputs)) tally.inJavaScript++;
        return outputs;
      },
    });
  }
}

/** Whether the pool gave the first output, or it is an input again (reshape, identity). */
function isOurs(outputs: tf.TensorInfo | tf.TensorInfo[], inputs: object): boolean {
  const [first] = [outputs].flat();
  const backend = tf.backend();
  if (!first || !(backend instanceof OneDnnBackend)) return true;
  const shared = Object.values(inputs).some((input: tf.TensorInfo) => input?.dataId === first.dataId);
  return shared || backend.pool.owns(backend.data.get(first.dataId).values as Float32Array);
}

function randomBatch({ task, imageShape, classes, batch }: BenchmarkCase): Batch {
  const random = createRandom(1);
  const images = tf.tensor(random.uniforms(batch * tf.util.sizeFromShape([...imageShape]), 0, 1), [
    batch,
    ...imageShape,
  ]) as tf.Tensor4D;
  const shape = task === 'segmentation' ? [batch, ...imageShape.slice(0, 2)] : [batch];
  const values = Int32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.integer(classes));
  return { ids: [], images, labels: tf.tensor(values, shape, 'int32'), [Symbol.dispose]() {} };
}

const [caseName = 'resnet18-64', count = '10'] = process.argv.slice(2);
const cases = JSON.parse(
  readFileSync(new URL('cases.json', import.meta.url), 'utf8'),
) as readonly BenchmarkCase[];
const benchmark = cases.find(({ name }) => name === caseName);
if (!benchmark) throw new Error(`There is no case ${caseName}: ${cases.map(({ name }) => name).join(', ')}.`);

const engine = await useEngine('auto');
const net = createNet(benchmark.net, benchmark, createRandom(1));
const optimizer = createOptimizer({ name: 'adam' }, trainableWeights(net));
const learner = { net, loss: lossOf('crossEntropy'), optimizer };
const batch = randomBatch(benchmark);
const tallies = new Map<string, Tally>();
let step = 1;
for (; step <= 3; step++) await trainStep(learner, batch, step);
timeKernels(tf.getBackend(), tallies);
const steps = Number(count);
const times: number[] = [];
const cpuBefore = process.cpuUsage();
for (let i = 0; i < steps; i++, step++) {
  const start = performance.now();
  await trainStep(learner, batch, step);
  times.push(performance.now() - start);
}
const { user, system } = process.cpuUsage(cpuBefore);
times.sort((a, b) => a - b);
const rows = [...tallies]
  .filter(([, { calls }]) => calls > 0)
  .map(([kernel, { calls, milliseconds, inJavaScript }]) => ({
    kernel,
    'calls a step': calls / steps,
    'ms a step': Number((milliseconds / steps).toFixed(2)),
    'in JavaScript': inJavaScript / steps,
  }))
  .sort((a, b) => b['ms a step'] - a['ms a step']);
console.log(`${caseName} on ${engine.name} (${engine.description})`);
console.table(rows);
const inKernels = rows.reduce((sum, row) => sum + row['ms a step'], 0);
const median = times[steps >> 1]!;
console.log(
  `a step: median ${median.toFixed(1)} ms, best ${times[0]!.toFixed(1)} ms; in kernels ${inKernels.toFixed(1)} ms; ` +
    `${((user + system) / 1000 / steps).toFixed(1)} ms of processor time`,
);
const backend = tf.backend();
if (backend instanceof OneDnnBackend) {
  const { taken, idle } = backend.pool.bytes;
  console.log(
    `memory: ${(taken / 2 ** 20).toFixed(0)} MB taken, ${(idle / 2 ** 20).toFixed(0)} MB kept for later`,
  );
}
