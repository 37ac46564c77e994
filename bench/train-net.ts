/**
 * Trains the net of an experiment and leaves in a folder what a comparison of attacks needs: the net as model.json and,
 * for PyTorch, as net.safetensors; some images that it was not trained on, and what it makes of them. Prints one JSON
 * line. A folder that has all of it already stays as it is. Run by bench/run.ts.
 */
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { batches } from '../src/data/batches.ts';
import { subset } from '../src/data/subset.ts';
import { useEngine } from '../src/engine/engine.ts';
import { exportWeights } from '../src/exchange/export-weights.ts';
import { openLayersModel } from '../src/exchange/layers-model.ts';
import { createRandom } from '../src/random.ts';
import { inference } from '../src/robustness/target.ts';
import { checkExperiment } from '../src/train/check-experiment.ts';
import { checkpointName } from '../src/train/checkpoints.ts';
import { chooseCheckpoint } from '../src/train/evaluate.ts';
import type { Experiment } from '../src/train/experiment.ts';
import { attackedImages } from '../src/train/measure.ts';
import { openSplits } from '../src/train/splits.ts';
import { train } from '../src/train/train.ts';
import { type Summary, summaryFile } from './trained.ts';

const bytes = (values: Float32Array | Int32Array) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);

async function trainInto(folder: string, experiment: Experiment, threads: number): Promise<void> {
  const runs = join(folder, 'runs');
  const { net, path } = await train(experiment, { threads, directory: runs });
  net.model.dispose();
  const best = checkpointName(await chooseCheckpoint(path, experiment, 'best'));
  for (const file of ['model.json', 'weights.bin']) await cp(join(path, best, file), join(folder, file));
  await rm(runs, { recursive: true });
}

/** The images that are attacked, drawn from the test split, and the logits of the net. */
async function describe(folder: string, experiment: Experiment, count: number, batch: number): Promise<void> {
  const { test } = await openSplits(experiment, createRandom(experiment.seed));
  const random = createRandom(experiment.seed);
  const drawn = attackedImages(test, count, random);
  // In any order, so that the first of them are of all classes.
  const images = subset(drawn, random.stream('order').permutation(drawn.samples.length));
  const model = await openLayersModel(join(folder, 'model.json'));
  using net = inference(model);
  const parts: { pixels: Float32Array; labels: Int32Array; logits: Float32Array }[] = [];
  for await (using batch of batches(images, { size: experiment.data.batchSize })) {
    const logits = tf.tidy(() => net.logits(batch.images).dataSync<'float32'>().slice());
    const [pixels, labels] = [batch.images.dataSync<'float32'>(), batch.labels.dataSync<'int32'>()];
    parts.push({ pixels: pixels.slice(), labels: labels.slice(), logits });
  }
  for (const key of ['pixels', 'labels', 'logits'] as const) {
    await writeFile(join(folder, key), Buffer.concat(parts.map((part) => bytes(part[key]))));
  }
  if (test.task === 'classification') {
    await writeFile(join(folder, 'net.safetensors'), exportWeights(model, 'torchvision'));
  }
  model.dispose();
  const { name, depth, filters, width } = experiment.net as { name: string } & Record<string, number>;
  const summary: Summary = {
    net: `${name}${depth ?? ''}`,
    ...(filters !== undefined && { filters }),
    ...(width !== undefined && { width }),
    task: test.task,
    imageShape: test.imageShape,
    classes: test.classes.length,
    count: images.samples.length,
    batch,
  };
  await writeFile(join(folder, summaryFile), JSON.stringify(summary));
}

const [text, folder, images, batch, threads] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const experiment = checkExperiment(JSON.parse(text) as Experiment);
await useEngine('auto', { threads: Number(threads) });
await mkdir(folder, { recursive: true });
if (!existsSync(join(folder, 'model.json'))) await trainInto(folder, experiment, Number(threads));
if (!existsSync(join(folder, summaryFile))) await describe(folder, experiment, Number(images), Number(batch));
console.log(await readFile(join(folder, summaryFile), 'utf8'));
