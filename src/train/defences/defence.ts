// The contract of defences: how the images of a batch are attacked in training, and which loss a step then lowers.

import type * as tf from '@tensorflow/tfjs';
import type { Attack, AttackLoss, Task } from '../../attacks/attack.ts';
import type { NormName } from '../../attacks/threat.ts';
import type { Batch } from '../../data/dataset.ts';
import type { Loss } from '../../losses/loss.ts';
import { type Options, requireOption, type Widen } from '../../options.ts';

/** Options of every defence. */
export const commonOptions = {
  /** Of the ball around each image that the adversary may move in: linf, l2 or l1. */
  norm: 'linf',
  /** Its radius, in [0, 1] pixel units. 0 trains without a defence. */
  epsilon: 8 / 255,
  /** Over how many epochs epsilon rises from 0, in equal steps of a batch; 0: it does not. */
  warmUp: 0,
  /** Of each batch, how much is attacked; the rest stays clean. */
  share: 1,
} as const;

/** Options of the defences whose attack goes before the step. */
export const attackOptions = {
  ...commonOptions,
  /**
   * Adversarial weight perturbation, as a fraction of the norm of each matrix or kernel: the gradient is taken where the
   * weights are moved so far up the loss. 0: none. The paper: 0.005 with trades, 0.01 with pgd.
   */
  awp: 0,
} as const;

export type CommonOptions = Options & Widen<typeof commonOptions>;

/** Logits of one head of the net, in training mode. */
export interface Passes {
  /** Of the images as the step sees them: attacked, but for those that stay clean. */
  readonly attacked: tf.Tensor;
  /** Of the clean images. */
  readonly clean: tf.Tensor;
}

interface Definition<T extends Options> {
  readonly source: string;
  readonly defaults: T;
  /** The only task that it is for; absent, both. */
  readonly task?: Task;
  /** Whether its images are made by single steps, so that it may overfit to these: then training watches for it. */
  readonly singleStep?: boolean;
  /** Throws `UsageError` for an option of its own out of its range. */
  check?(options: Widen<T>): void;
}

/** Attacks the batch, then takes a step. */
interface AttackingDefinition<T extends Options> extends Definition<T> {
  /** What `craft` runs, on the net in inference mode. It has no score to watch: no image is finished early. */
  attack(options: Widen<T>): Attack;
  /** What the attack raises, given the logits of the clean images in inference mode; absent, the experiment's loss. */
  raises?(clean: tf.Tensor): AttackLoss;
  /** The loss of each image, `[batch]`; absent, the experiment's `loss` of the attacked images. */
  lowers?(passes: Passes, labels: tf.Tensor, loss: Loss, options: Widen<T>): tf.Tensor1D;
  readonly replays?: undefined;
}

/** Takes several steps on each batch, and moves its images by the gradients of these same steps. */
interface ReplayingDefinition<T extends Options> extends Definition<T> {
  replays(options: Widen<T>): number;
  readonly attack?: undefined;
}

export type DefenceDefinition<T extends Options = Options> = AttackingDefinition<T> | ReplayingDefinition<T>;

/** Names the types of a definition; the identity at run time. */
export function defineDefence<const T extends CommonOptions>(
  definition: DefenceDefinition<T>,
): DefenceDefinition<T> {
  return definition;
}

/** A defence bound to a net, its loss and a random stream. */
export interface Defence extends Disposable {
  /** How many steps are taken on each batch. */
  readonly replays: number;
  /** What goes from batch to batch, and is saved in checkpoints. */
  readonly slots: readonly { readonly name: string; readonly variable: tf.Variable }[];
  /**
   * The mean loss of a batch under attack, a scalar, and its gradients by the weights that are trained, in their order.
   * `step` counts from 1 and names the random numbers, with `part` where it takes several batches; `elapsed` are the
   * epochs since the start of the run, this step included. The caller disposes of all that is returned.
   */
  lossAndGradients(
    batch: Batch,
    at: { readonly step: number; readonly elapsed: number; readonly part?: number },
  ): { readonly value: tf.Tensor; readonly gradients: readonly (tf.Tensor | undefined)[] };
}

export function checkCommonOptions(name: string, options: CommonOptions): void {
  const { norm, epsilon, warmUp, share, awp } = options;
  requireOption(name, 'norm', ['linf', 'l2', 'l1'].includes(norm), 'linf, l2 or l1', norm);
  const highest = norm === 'linf' ? 1 : Number.POSITIVE_INFINITY;
  const inBox = epsilon >= 0 && epsilon <= highest;
  requireOption(
    name,
    'epsilon',
    inBox,
    'a number from 0 to 1 in linf, such as 8/255, and from 0 in l2 and l1',
    epsilon,
  );
  requireOption(name, 'warmUp', warmUp >= 0, 'a number of epochs, at least 0', warmUp);
  requireOption(name, 'share', share > 0 && share <= 1, 'more than 0 and at most 1', share);
  if (typeof awp === 'number') requireOption(name, 'awp', awp >= 0 && awp < 1, 'a number in [0, 1)', awp);
}

/** What the adversary may do so many epochs after the start. */
export function threatAt({ norm, epsilon, warmUp }: CommonOptions, elapsed: number) {
  const risen = elapsed < warmUp ? elapsed / warmUp : 1;
  return { norm: norm as NormName, epsilon: epsilon * risen };
}

/** How many images of a batch are attacked: the first ones, as every epoch shuffles them anew. */
export function attackedCount({ share }: CommonOptions, images: number): number {
  return Math.ceil(share * images);
}
