// The contract of attacks: an author writes the idea; `craft` (craft.ts) holds it to the threat model.

import type * as tf from '@tensorflow/tfjs';
import type { Options, Widen } from '../options.ts';
import type { Random } from '../random.ts';
import type { Ball, NormName } from './threat.ts';

/** The loss of each image, `[batch]`, which the adversary raises. Labels are bound in it. */
export type Objective = (images: tf.Tensor4D) => tf.Tensor1D;

/** The loss of each image, `[batch]`, of logits and labels: what `Target` and the attacks' own losses are. */
export type AttackLoss = (logits: tf.Tensor, labels: tf.Tensor) => tf.Tensor1D;

/** The net under attack, in inference mode, and what is true of the images. */
export interface Target {
  /**
   * `[batch, height, width, channels]` → logits `[batch, classes]` or `[batch, height, width, classes]`; with several
   * labels `[batch, labels, 2]`.
   */
  logits(images: tf.Tensor4D): tf.Tensor;
  /** int32, `[batch]`, `[batch, labels]` or `[batch, height, width]`. */
  readonly labels: tf.Tensor;
  /** What the adversary raises; with `goals`, what it lowers towards them. */
  readonly loss: AttackLoss;
  /**
   * What the adversary wants low, per image, such as 1 for right and 0 for wrong, or Dice: an iterate with a
   * lower score is the better one, and an image with score 0 is finished. Absent, only the loss counts.
   */
  score?(logits: tf.Tensor, labels: tf.Tensor): Float32Array;
  /**
   * A targeted attack: what the net shall take the images for, in the shape of `labels`; places with a negative goal
   * do not count. The score is then the share of places that are not at their goal, whatever `score` says.
   */
  readonly goals?: tf.Tensor;
  /** Of an attack made on another net: what fools that need not fool the target, so all scores are 1. */
  readonly blind?: boolean;
  /**
   * Of a net with random layers, how many passes stand for one (default 1): gradients and losses are their means, and
   * an image is finished where most of its passes are. Expectation over transformation, Athalye et al. 2017,
   * arXiv:1707.07397.
   */
  readonly draws?: number;
}

/** How good an image is for the adversary, one entry an image. */
export interface Verdict {
  readonly losses: Float32Array;
  /** The target's scores; 1 throughout where it has neither these nor goals, or is blind: nothing is ever finished. */
  readonly scores: Float32Array;
}

export interface AttackContext {
  readonly objective: Objective;
  logits(images: tf.Tensor4D): tf.Tensor;
  readonly labels: tf.Tensor;
  /** Present in a targeted attack. */
  readonly goals?: tf.Tensor;
  /** Around the clean images. */
  readonly ball: Ball;
  readonly random: Random;
  /**
   * Where to begin, in the ball, for an attack that would otherwise begin at random: the images that it made at a
   * smaller epsilon of a robustness curve. Further restarts begin at random.
   */
  readonly start?: tf.Tensor4D;
  /** One forward pass. `loss` stands in for the target's, and is lowered towards goals as that is. */
  judge(images: tf.Tensor4D, loss?: AttackLoss): Verdict;
  /** One pass forward and back: the verdict, and the gradient of the summed losses by the images. */
  probe(images: tf.Tensor4D, loss?: AttackLoss): Verdict & { readonly gradient: tf.Tensor4D };
  /** The same for some of the images, so that an attack can stop working on those that are finished. */
  take(indices: readonly number[]): AttackContext;
  /** The same with a ball of another radius around the clean images, at most the whole of [0, 1]. */
  within(epsilon: number): AttackContext;
}

/** What a net does. */
export type Task = 'classification' | 'multilabel' | 'segmentation';

/** What a net does that has such labels. */
export function taskOfLabels({ rank }: tf.Tensor): Task {
  return rank === 1 ? 'classification' : rank === 2 ? 'multilabel' : 'segmentation';
}

interface Definition<T extends Options> {
  readonly defaults: T;
  /** The only task that it is for; absent, all. */
  readonly task?: Task;
  /** The norms that it is for; absent, all but l0. */
  readonly norms?: readonly NormName[];
  /** What it does to an image is for all images of the batch together. */
  readonly together?: boolean;
  /** Positions of the images that it aims at something of; others stay as they are. Absent, all. */
  rows?(images: tf.Tensor4D, context: AttackContext, options: NoInfer<Widen<T>>): readonly number[];
  /** Throws `UsageError` for an option out of its range; see `requireOption`. */
  check?(options: Widen<T>): void;
}

interface IterativeDefinition<T extends Options> extends Definition<T> {
  /** Returns perturbed images of the same shape. Staying in the ball is `craft`'s concern. */
  perturb(images: tf.Tensor4D, context: AttackContext, options: Widen<T>): tf.Tensor4D;
  readonly direction?: undefined;
  readonly minimise?: undefined;
}

/** One step of length epsilon: a robustness curve asks once for the direction of all its epsilons. */
interface SingleStepDefinition<T extends Options> extends Definition<T> {
  /** Where to go from the clean images, in steps of size 1; must not depend on epsilon, other than in l1. */
  direction(images: tf.Tensor4D, context: AttackContext, options: Widen<T>): tf.Tensor4D;
  readonly perturb?: undefined;
  readonly minimise?: undefined;
}

/** The nearest images that fool the net: one run gives all epsilons of a robustness curve. */
interface MinimalDefinition<T extends Options> extends Definition<T> {
  /**
   * Returns of each image the one nearest in the norm of `context.ball` that fools the net, as far as it finds one, in
   * [0, 1]; else the clean image or another try. Must not depend on epsilon: `craft` shortens to it what is farther.
   */
  minimise(images: tf.Tensor4D, context: AttackContext, options: Widen<T>): tf.Tensor4D;
  readonly perturb?: undefined;
  readonly direction?: undefined;
}

export type AttackDefinition<T extends Options = Options> =
  | IterativeDefinition<T>
  | SingleStepDefinition<T>
  | MinimalDefinition<T>;

/** An attack with its options resolved, as `createAttack` makes it. */
export interface Attack {
  readonly name: string;
  readonly options: Options;
  /** As in its definition. */
  readonly task?: Task;
  readonly norms?: readonly NormName[];
  readonly together?: boolean;
  perturb(images: tf.Tensor4D, context: AttackContext): tf.Tensor4D;
  /** Present for single-step attacks. */
  direction?(images: tf.Tensor4D, context: AttackContext): tf.Tensor4D;
  /** Present for minimal attacks. */
  minimise?(images: tf.Tensor4D, context: AttackContext): tf.Tensor4D;
  /** The net it is made on, where that is not the target; see `transferred`. */
  logits?(images: tf.Tensor4D): tf.Tensor;
}

/** Names the types of a definition; the identity at run time. */
export function defineAttack<const T extends Options>(definition: AttackDefinition<T>): AttackDefinition<T> {
  return definition;
}
