/**
 * Times the last epoch of an experiment as medrobust runs it: training, validation, robustness curve, pictures and
 * checkpoint. Prints one JSON line. Run by bench/run.ts; leaves the images in a folder, for PyTorch to train on.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '../src/data/dataset.ts';
import { useEngine } from '../src/engine/engine.ts';
import { createRandom } from '../src/random.ts';
import { checkExperiment } from '../src/train/check-experiment.ts';
import type { Experiment } from '../src/train/experiment.ts';
import { openSplits } from '../src/train/splits.ts';
import { train } from '../src/train/train.ts';

/** Images as float32 NHWC, labels as int32, one after the other. */
async function writeImages(dataset: Dataset, folder: string, name: string): Promise<void> {
  const samples = await Promise.all(dataset.samples.map((_, index) => dataset.read(index)));
  const bytes = (values: Float32Array | Int32Array) =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const labels = samples.map(({ label }) => (typeof label === 'number' ? Int32Array.of(label) : label));
  await writeFile(
    join(folder, `${name}.images`),
    samples.map(({ pixels }) => bytes(pixels)),
  );
  await writeFile(join(folder, `${name}.labels`), labels.map(bytes));
}

const [text, folder, threads] = process.argv.slice(2) as [string, string, string];
const experiment = checkExperiment(JSON.parse(text) as Experiment);
const splits = await openSplits(experiment, createRandom(experiment.seed));
await writeImages(splits.train, folder, 'train');
await writeImages(splits.validation, folder, 'validation');
const { imageShape, classes, task } = splits.train;
await writeFile(join(folder, 'data.json'), JSON.stringify({ imageShape, classes: classes.length, task }));

const runs = await mkdtemp(join(tmpdir(), 'medrobust-bench-'));
const ends: number[] = [];
const clock = { name: 'clock', onRecord: () => void ends.push(performance.now()) };
const engine = await useEngine('auto', { threads: Number(threads) });
try {
  const options = { engine: engine.name, threads: Number(threads), directory: runs, callbacks: [clock] };
  const { records } = await train(experiment, options);
  const [before = 0, end = 0] = ends.slice(-2);
  const primary = `validation/${experiment.metrics[0]}`;
  console.log(
    JSON.stringify({
      engine: engine.name,
      milliseconds: end - before,
      peakMegabytes: process.resourceUsage().maxRSS / 1024,
      clean: records.at(-1)?.measurements[primary],
    }),
  );
} finally {
  await rm(runs, { recursive: true });
}
