// The contract of nets: images in [0, 1] in, logits out. Normalisation of pixels is inside the net.

import type * as tf from '@tensorflow/tfjs';
import type { Options, Widen } from '../options.ts';
import type { Random } from '../random.ts';

export interface NetShape {
  /** With several labels (`multilabel`) a net is one of classification, with a logit for each label. */
  readonly task: 'classification' | 'multilabel' | 'segmentation';
  readonly imageShape: readonly [height: number, width: number, channels: number];
  /** Slices of a volume, each an image; absent for images. */
  readonly depth?: number;
  /** Number of classes: the length of the logits; of several labels, how many there may be. */
  readonly classes: number;
}

/**
 * The first output of `model` is the logits, `[batch, classes]` or `[batch, height, width, classes]` (of volumes,
 * `[batch, depth, height, width, classes]`; of several labels `[batch, labels, 2]`, absent and present, of which the first is
 * 0), never probabilities. Outputs after the first are auxiliary heads: they enter the training loss with
 * `auxiliaryWeights` and nothing else.
 */
export interface Net {
  readonly name: string;
  readonly model: tf.LayersModel;
  readonly auxiliaryWeights: readonly number[];
}

export interface NetDefinition<T extends Options = Options, P extends Presets<T> = Presets<T>> {
  readonly task: 'classification' | 'segmentation';
  /** Whether the net takes volumes, and no images. Default: false. */
  readonly volumes?: boolean;
  /** Where the net comes from: authors, year, arXiv number. */
  readonly source?: string;
  readonly defaults: T;
  /** Variants by name: what they set instead of the defaults. */
  readonly presets?: P;
  /** Throws `UsageError` for a shape or option that this net cannot take, before anything is built. */
  build(
    shape: NetShape,
    options: Widen<T>,
    random: Random,
  ): { readonly model: tf.LayersModel; readonly auxiliaryWeights?: readonly number[] };
}

type Presets<T extends Options> = Readonly<Record<string, Partial<Widen<T>> & Options>>;

/** Names the types of a definition; the identity at run time. */
export function defineNet<const T extends Options, const P extends Presets<T> = Record<never, never>>(
  definition: NetDefinition<T, P>,
): NetDefinition<T, P> & { readonly presets: P } {
  return { presets: {} as P, ...definition };
}
