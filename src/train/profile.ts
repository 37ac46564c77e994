// Where the time of an experiment goes: one pass of each kind that a run is made of.

import type * as tf from '@tensorflow/tfjs';
import { craft } from '../attacks/craft.ts';
import { createAttack } from '../attacks/create.ts';
import { batches } from '../data/batches.ts';
import type { Batch } from '../data/dataset.ts';
import { type Engine, type EngineName, type EngineOptions, useEngine } from '../engine/engine.ts';
import { type KernelTime, profileKernels } from '../engine/profile.ts';
import { lossOf } from '../losses/create.ts';
import { ssim } from '../robustness/ssim.ts';
import { inference } from '../robustness/target.ts';
import { checkExperiment } from './check-experiment.ts';
import { createDefence } from './defences/create.ts';
import type { Experiment } from './experiment.ts';
import { attackedImages, measureClean } from './measure.ts';
import { type Prepared, prepare } from './prepare.ts';
import { optimizerOf, trainStep } from './step.ts';

export interface Profile {
  readonly engine: Engine;
  /** `[batch, height, width, channels]` */
  readonly images: readonly number[];
  /** Of all that was done, what is no kernel included. */
  readonly milliseconds: number;
  /** The longest first. */
  readonly kernels: readonly KernelTime[];
}

/** How often each pass runs before it is timed: memory is taken, and JavaScript compiled, in the first. */
const warmUps = 2;

/**
 * Times one training step, its defence included, one step of an attack and one evaluation of an experiment, on a batch of
 * its training images; nothing is kept of them. The attack is PGD in the experiment's norm, with the similarity of its images.
 *
 * Throws `UsageError` for an experiment that cannot be run, as `train` does, and `RunError` where a loss is not
 * finite.
 */
export async function profileExperiment(
  experiment: Experiment,
  options: EngineOptions & { readonly engine?: 'auto' | EngineName } = {},
): Promise<Profile> {
  const checked = checkExperiment(experiment);
  const { engine: name = 'auto', ...engineOptions } = options;
  const engine = await useEngine(name, engineOptions);
  const prepared = await prepare(checked);
  try {
    return await profile(prepared, engine);
  } finally {
    prepared.net.model.dispose();
  }
}

async function profile({ experiment, net, train, random }: Prepared, engine: Engine): Promise<Profile> {
  const { batchSize } = experiment.data;
  const dataset = attackedImages(train, batchSize, random.stream('profile'));
  using optimizer = optimizerOf(experiment.optimizer, net);
  const { metrics, loss, defence: choice } = experiment;
  const bound = { net, loss: lossOf(loss), batchSize };
  using defence = choice && createDefence(choice, { ...bound, random: random.stream('defence') });
  const learner = { net, optimizer, loss: bound.loss, ...(defence && { defence }) };
  using target = inference(net.model);
  let steps = 0;
  for await (using batch of batches(dataset, { size: batchSize })) {
    const passes = async () => {
      await trainStep(learner, batch, ++steps);
      attackStep(experiment, target.logits, batch, random.stream('attack'));
      await measureClean(target, dataset, { metrics, loss, batchSize });
    };
    for (let i = 0; i < warmUps; i++) await passes();
    let milliseconds = 0;
    const kernels = await profileKernels(engine.name, async () => {
      const start = performance.now();
      await passes();
      milliseconds = performance.now() - start;
    });
    return { engine, images: batch.images.shape, milliseconds, kernels };
  }
  throw new RangeError('A training split without images.');
}

function attackStep(
  { robustness, loss }: Experiment,
  logits: (images: tf.Tensor4D) => tf.Tensor,
  { images, labels }: Batch,
  random: Prepared['random'],
): void {
  const threat = { norm: robustness?.norm ?? 'linf', epsilon: robustness?.epsilons.at(-1) || 8 / 255 };
  const target = { logits, labels, loss: lossOf(loss) };
  const moved = craft(createAttack({ name: 'pgd', steps: 1 }), images, target, threat, random);
  ssim(images, moved);
  moved.dispose();
}
