import * as tf from '@tensorflow/tfjs';
import { listChoices, UsageError } from '../errors.ts';
import { type Choice, type Options, resolveChoice } from '../options.ts';
import type { Random } from '../random.ts';
import type { Net, NetDefinition, NetShape } from './net.ts';
import * as registry from './registry.ts';
import { logitPairs } from './weightless.ts';

export type NetName = keyof typeof registry;
/** A net by its name, and its options: `{ name: 'resnet', depth: 34 }`. */
export type NetChoice = Choice<typeof registry>;

/**
 * Builds a net with initial weights drawn from `random`: equal choice, shape and stream give equal weights.
 *
 * Throws `UsageError`, before anything is built, for an unknown name or option, a net of another task, or a
 * shape that the net cannot take. The caller disposes `model`, which frees all there is.
 */
export function createNet(choice: NetChoice, shape: NetShape, random: Random): Net {
  // Losses and metrics compare logits: with one there is nothing to compare. Two say the same as one and a sigmoid.
  if (shape.classes === 1 && shape.task !== 'multilabel') {
    throw new UsageError(
      `${choice.name}: expected at least 2 classes, received 1. A binary task has 2: one logit each.`,
    );
  }
  return buildNet(choice, shape, random);
}

/** `createNet`, of a single logit too: published nets have it, and ours can be counted so, but not trained. */
export function buildNet(choice: NetChoice, shape: NetShape, random: Random): Net {
  const { name, definition, options } = resolveNet(choice);
  const task = shape.task === 'multilabel' ? 'classification' : shape.task;
  requireTask(name, definition, { task, ...(shape.depth !== undefined && { depth: shape.depth }) });
  requireShape(name, shape);
  const { model, auxiliaryWeights = [] } = definition.build({ ...shape, task }, options, random);
  return { name, model: shape.task === 'multilabel' ? withPairs(model) : model, auxiliaryWeights };
}

/** Each logit z of a label as the logits 0 and z of two classes, whose softmax is the sigmoid of z. */
function withPairs({ name, inputs, outputs }: tf.LayersModel): tf.LayersModel {
  const pairs = outputs.map((output, head) => logitPairs(output, head === 0 ? 'pairs' : `pairs${head}`));
  return tf.model({ name, inputs, outputs: pairs });
}

/** The definition of a net, and all its options. Throws `UsageError` for an unknown name, preset or option. */
export function resolveNet(choice: NetChoice) {
  // The options of a definition are known to fit it once resolved, which the types of a mixed registry cannot say.
  const nets: Readonly<Record<string, NetDefinition<Options>>> = registry;
  return resolveChoice('net', nets, choice);
}

function requireTask(
  name: string,
  definition: NetDefinition<Options>,
  shape: Pick<NetDefinition, 'task'> & Pick<NetShape, 'depth'>,
): void {
  const [offered, wanted] = [
    subjectOf(definition),
    subjectOf({ task: shape.task, volumes: shape.depth !== undefined }),
  ];
  if (offered === wanted) return;
  const fitting = Object.entries<NetDefinition<Options>>(registry).filter(
    ([, definition]) => subjectOf(definition) === wanted,
  );
  throw new UsageError(
    `${name} is a net for ${offered}, the data are for ${wanted}. ` +
      (fitting.length > 0 ? `Choose ${listChoices(fitting.map(([net]) => net))}.` : 'No net is for that.'),
  );
}

function subjectOf({ task, volumes = false }: Pick<NetDefinition, 'task' | 'volumes'>): string {
  return volumes ? `${task} of volumes` : task;
}

function requireShape(name: string, { imageShape, depth, classes }: NetShape): void {
  const positive = (size: number) => Number.isInteger(size) && size > 0;
  if (depth !== undefined && !positive(depth)) {
    throw new UsageError(`${name}: expected volumes of a positive number of slices, received ${depth}.`);
  }
  if (imageShape.length !== 3 || !imageShape.every(positive)) {
    throw new UsageError(
      `${name}: expected images of [height, width, channels], all positive integers, received [${imageShape.join(', ')}].`,
    );
  }
  if (positive(classes)) return;
  throw new UsageError(`${name}: expected a positive whole number of classes, received ${classes}.`);
}
