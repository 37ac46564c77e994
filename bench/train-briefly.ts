// A net in a small setting, trained for some steps on drawn images: whether it learns, and how long a step takes.

import * as tf from '@tensorflow/tfjs';
import { batches } from '../src/data/batches.ts';
import { openDataset } from '../src/data/create.ts';
import type { Batch } from '../src/data/dataset.ts';
import { UsageError } from '../src/errors.ts';
import { lossOf } from '../src/losses/create.ts';
import { createNet, type NetChoice, resolveNet } from '../src/nets/create.ts';
import { type ChoiceDescription, describeChoice } from '../src/nets/describe.ts';
import { reseedDropout } from '../src/nets/dropout.ts';
import type { NetShape } from '../src/nets/net.ts';
import { createRandom } from '../src/random.ts';
import { optimizerOf, trainStep } from '../src/train/step.ts';

export interface Setting {
  readonly choice: NetChoice;
  /** [height, width, channels] of images, [depth, height, width, channels] of volumes. */
  readonly input: readonly number[];
  readonly description: ChoiceDescription;
}

/** Drawn lesions, benign and malignant, or skin and lesion. */
const classes = 2;

/** The first of `choices` at the smallest of `sizes` that it takes, with as many pixels out as in. */
export function firstSetting(choices: readonly NetChoice[], sizes: readonly number[]): Setting {
  let refusal: unknown;
  for (const choice of choices) {
    for (const size of sizes) {
      try {
        const input = inputOf(choice, size);
        const description = describeChoice(choice, input, classes);
        const whole = description.task === 'classification' || description.outputs[0]?.at(-2) === size;
        if (whole) return { choice, input, description };
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        refusal = error;
      }
    }
  }
  throw refusal;
}

function inputOf(choice: NetChoice, size: number): number[] {
  const { volumes = false } = resolveNet(choice).definition as { readonly volumes?: boolean };
  return volumes ? [8, size, size, 3] : [size, size, 3];
}

export interface BriefTraining {
  /** Of each step, before it. */
  readonly losses: readonly number[];
  /** The median over the later half of the steps. */
  readonly milliseconds: number;
}

/** Trains with Adam on four batches in turn. */
export async function trainBriefly(
  { choice, input }: Setting,
  { steps = 30, batchSize = 8, learningRate = 0.003 } = {},
): Promise<BriefTraining> {
  const random = createRandom(1);
  const { task } = resolveNet(choice).definition;
  const slices = input.length === 4 ? (input[0] as number) : 1;
  const imageShape = input.slice(-3) as unknown as NetShape['imageShape'];
  const shape = { task, imageShape, classes, ...(input.length === 4 && { depth: slices }) };
  const count = 4 * batchSize * slices;
  const data = await openDataset({ name: 'skinLesions', count, size: imageShape[0], difficulty: 0, task });
  const net = createNet(choice, shape, random.stream('net'));
  using optimizer = optimizerOf({ name: 'adam', learningRate }, net);
  const learner = { net, optimizer, loss: lossOf('crossEntropy') };
  const losses: number[] = [];
  const times: number[] = [];
  while (losses.length < steps) {
    for await (using batch of batches(data, { size: batchSize * slices })) {
      if (losses.length === steps) break;
      const step = losses.length + 1;
      reseedDropout(net.model, random.stream(`dropout/${step}`));
      using ready = slices > 1 ? asVolumes(batch, slices) : keep(batch);
      const started = performance.now();
      losses.push(await trainStep(learner, ready, step));
      times.push(performance.now() - started);
    }
  }
  net.model.dispose();
  const later = times.slice(times.length >> 1).sort((a, b) => a - b);
  return { losses, milliseconds: later[later.length >> 1] as number };
}

/** Images in a row as the slices of volumes. */
function asVolumes(batch: Batch, slices: number): Batch {
  const stacked = (x: tf.Tensor) => tf.reshape(x, [x.shape[0]! / slices, slices, ...x.shape.slice(1)]);
  const [images, labels] = [stacked(batch.images), stacked(batch.labels)];
  const ids = batch.ids.slice(0, batch.ids.length / slices);
  return {
    ids,
    images: images as unknown as Batch['images'],
    labels,
    [Symbol.dispose]: () => tf.dispose([images, labels]),
  };
}

function keep(batch: Batch): Batch {
  return { ...batch, [Symbol.dispose]: () => undefined };
}
