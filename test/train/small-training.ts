// A training of ten steps, for those who run several at once; as a worker or a process of its own it sends the result.

import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { batches } from '../../src/data/batches.ts';
import { openDataset } from '../../src/data/create.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createNet } from '../../src/nets/create.ts';
import { createRandom } from '../../src/random.ts';
import { createOptimizer } from '../../src/train/optimizers.ts';
import { trainableWeights, trainStep } from '../../src/train/step.ts';

export interface Training {
  readonly threads: number;
  readonly epochs: number;
}

/** The losses of all steps of a small U-Net on drawn lesions: the same in each run with as many threads. */
export async function trainSmall({ threads, epochs }: Training): Promise<number[]> {
  await useEngine('onednn', { threads });
  const data = await openDataset({
    name: 'skinLesions',
    count: 20,
    size: 32,
    difficulty: 0,
    task: 'segmentation',
  });
  const shape = { task: data.task, imageShape: data.imageShape, classes: data.classes.length };
  const net = createNet({ name: 'unet', depth: 2, filters: 8 }, shape, createRandom(1));
  using optimizer = createOptimizer({ name: 'adam', learningRate: 0.01 }, trainableWeights(net));
  const loss = lossOf('crossEntropy');
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    for await (using batch of batches(data, { size: 4 })) {
      losses.push(await trainStep({ net, loss, optimizer }, batch, losses.length + 1));
    }
  }
  net.model.dispose();
  return losses;
}

if (!isMainThread) {
  const { again, ...training } = workerData as Training & { again: boolean };
  do parentPort?.postMessage(await trainSmall(training));
  while (again);
} else if (process.send && process.argv[2]) {
  // A process that was forked is given its task as an argument.
  process.send(await trainSmall(JSON.parse(process.argv[2]) as Training), () => process.disconnect());
}
