// The contract of attacks: an author writes the idea; `craft` (craft.ts) holds it to the threat model.

import type * as tf from '@tensorflow/tfjs';
import type { Options, Widen } from '../options.ts';
import type { Random } from '../random.ts';
import type { Ball } from './threat.ts';

/** The loss of each image, `[batch]`, which the adversary raises. Labels are bound in it. */
export type Objective = (images: tf.Tensor4D) => tf.Tensor1D;

/** The net under attack, in inference mode, and what is true of the images. */
export interface Target {
  /** `[batch, height, width, channels]` → logits `[batch, classes]` or `[batch, height, width, classes]`. */
  logits(images: tf.Tensor4D): tf.Tensor;
  /** int32, `[batch]` or `[batch, height, width]`. */
  readonly labels: tf.Tensor;
  /** Loss of each image, `[batch]`, of logits against labels. */
  loss(logits: tf.Tensor, labels: tf.Tensor): tf.Tensor1D;
}

export interface AttackContext {
  readonly objective: Objective;
  logits(images: tf.Tensor4D): tf.Tensor;
  readonly labels: tf.Tensor;
  /** Around the clean images. */
  readonly ball: Ball;
  readonly random: Random;
}

export interface AttackDefinition<T extends Options = Options> {
  readonly defaults: T;
  /** Returns perturbed images of the same shape. Staying in the ball is `craft`'s concern. */
  perturb(images: tf.Tensor4D, context: AttackContext, options: Widen<T>): tf.Tensor4D;
}

/** An attack with its options resolved, as `createAttack` makes it. */
export interface Attack {
  readonly name: string;
  readonly options: Options;
  perturb(images: tf.Tensor4D, context: AttackContext): tf.Tensor4D;
}

/** Names the types of a definition; the identity at run time. */
export function defineAttack<const T extends Options>(definition: AttackDefinition<T>): AttackDefinition<T> {
  return definition;
}
