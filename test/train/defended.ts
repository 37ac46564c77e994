// A small net of either task, whose passes can be watched, and what trains it against attacks.

import * as tf from '@tensorflow/tfjs';
import type { Task } from '../../src/attacks/attack.ts';
import type { Batch } from '../../src/data/dataset.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createRandom } from '../../src/random.ts';
import { createDefence, type DefenceChoice } from '../../src/train/defences/create.ts';
import type { DefenceDefinition } from '../../src/train/defences/defence.ts';
import * as registry from '../../src/train/defences/registry.ts';
import type { OptimizerChoice } from '../../src/train/optimizers.ts';
import { type Learner, optimizerOf } from '../../src/train/step.ts';

export const epsilon = 8 / 255;

/** Each defence with each task that it is for; few steps, as the net is small. */
export const defended = Object.entries<DefenceDefinition>(registry).flatMap(([name, definition]) => {
  const { task, defaults } = definition;
  const tasks: readonly Task[] = task ? [task] : ['classification', 'segmentation'];
  const few = { ...('steps' in defaults && { steps: 3 }), ...('replays' in defaults && { replays: 3 }) };
  const choice = { name, epsilon, ...few } as unknown as DefenceChoice;
  return tasks.map((of) => ({ what: `${name}, ${of}`, choice, task: of, definition }));
});

export interface Pass {
  readonly training: boolean;
  readonly images: Float32Array;
}

/** The identity, which keeps what passes through it. */
class Spy extends tf.layers.Layer {
  static readonly className = 'Spy';
  readonly seen: Pass[] = [];
  override call(inputs: tf.Tensor | tf.Tensor[], { training = false }: { training?: boolean }): tf.Tensor {
    const x = Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs;
    this.seen.push({ training, images: x.dataSync<'float32'>().slice() });
    return x;
  }
}

export const [size, classes] = [8, 3];

function watchedNet(task: Task) {
  const spy = new Spy({ name: 'spy' });
  const images = tf.input({ shape: [size, size, 1] });
  const kernel = (seed: number) => tf.initializers.glorotUniform({ seed });
  const layers = [
    spy,
    tf.layers.conv2d({
      filters: 6,
      kernelSize: 3,
      padding: 'same',
      kernelInitializer: kernel(1),
      name: 'conv',
    }),
    tf.layers.batchNormalization({ name: 'norm', momentum: 0.9 }),
    tf.layers.reLU({ name: 'relu' }),
    ...(task === 'segmentation'
      ? [tf.layers.conv2d({ filters: classes, kernelSize: 1, kernelInitializer: kernel(2), name: 'logits' })]
      : [
          tf.layers.flatten({ name: 'flatten' }),
          tf.layers.dense({ units: classes, kernelInitializer: kernel(2), name: 'logits' }),
        ]),
  ];
  const logits = layers.reduce((x, layer) => layer.apply(x) as tf.SymbolicTensor, images);
  const net = { name: 'watched', model: tf.model({ inputs: images, outputs: logits }), auxiliaryWeights: [] };
  return { net, seen: spy.seen };
}

export interface Watched extends Disposable {
  readonly learner: Learner;
  readonly seen: Pass[];
  /** All values of the model, statistics among them, by their names. */
  weights(): Record<string, Float32Array>;
}

export function createWatched(
  task: Task,
  choice?: DefenceChoice,
  {
    attackSeed = 1,
    optimizer = { name: 'sgd', learningRate: 0.05, momentum: 0 } as OptimizerChoice,
    batchSize = 6,
  } = {},
): Watched {
  const { net, seen } = watchedNet(task);
  const loss = lossOf('crossEntropy');
  const bound = { net, loss, random: createRandom(attackSeed), batchSize };
  const defence = choice && createDefence(choice, bound);
  const made = optimizerOf(optimizer, net);
  return {
    learner: { net, loss, optimizer: made, ...(defence && { defence }) },
    seen,
    weights: () =>
      Object.fromEntries(
        net.model.weights.map((weight) => [weight.originalName, weight.read().dataSync<'float32'>().slice()]),
      ),
    [Symbol.dispose]() {
      made[Symbol.dispose]();
      defence?.[Symbol.dispose]();
      net.model.dispose();
    },
  };
}

/** Stripes whose brightness is their class; some pixels are exactly 0 and 1. */
export function batchOf(task: Task, count = 6): Batch {
  const random = createRandom(9);
  const pixels = random.uniforms(count * size * size, -0.2, 0.2);
  const labels = new Int32Array(task === 'segmentation' ? pixels.length : count);
  for (let i = 0; i < pixels.length; i++) {
    const image = Math.floor(i / (size * size));
    const label = (image + (task === 'segmentation' ? Math.floor((i % size) / 3) : 0)) % classes;
    pixels[i] = Math.min(1, Math.max(0, (pixels[i] as number) + label / (classes - 1)));
    labels[task === 'segmentation' ? i : image] = label;
  }
  const images = tf.tensor4d(pixels, [count, size, size, 1]);
  const shape = task === 'segmentation' ? [count, size, size] : [count];
  return {
    ids: Array.from({ length: count }, (_, i) => `${i}`),
    images,
    labels: tf.tensor(labels, shape, 'int32'),
    [Symbol.dispose]() {
      tf.dispose([this.images, this.labels]);
    },
  };
}
