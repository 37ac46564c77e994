// The contract of augmentations: what training images go through, so that a net sees none of them twice.

import type { Options, Widen } from '../../options.ts';
import type { Random } from '../../random.ts';
import type { ImageShape } from '../dataset.ts';

/** One image: `[height, width, channels]` in [0, 1], row by row. */
export interface Picture {
  readonly pixels: Float32Array;
  readonly shape: ImageShape;
}

/**
 * From the place of a pixel in the result to the place that it comes from: row = m0 · row + m1 · column + m2,
 * column = m3 · row + m4 · column + m5. Places are in pixels from the centre of the image.
 */
export type Affine = readonly [m0: number, m1: number, m2: number, m3: number, m4: number, m5: number];

/** How far from a pixel of the result its value comes from, in pixels: `[height, width]` each. */
export interface Displacement {
  readonly rows: Float32Array;
  readonly columns: Float32Array;
}

export type Move = Affine | Displacement;

/** Samples side by side, without tensors: `[batch, …]` row by row. */
export interface SampleStack {
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
}

/** Other labels that a batch has a part in. */
export interface MixedLabels {
  /** Of the shape of the labels. */
  readonly labels: Int32Array;
  /** The part of the other labels, in [0, 1]; the labels themselves have the rest. */
  readonly share: number;
}

/** Of the three an augmentation has one. All choices are drawn from `random`; draws never depend on pixels. */
export type Augmentation =
  /** Moves pixels, those of the mask with them. */
  | { readonly move: (shape: ImageShape, random: Random) => Move }
  /** Changes values of an image in place; those out of [0, 1] are clipped afterwards. The mask stays. */
  | { readonly recolour: (picture: Picture, random: Random) => void }
  /** Mixes the samples of a batch with one another, in place. */
  | {
      readonly mix: (
        stack: SampleStack,
        count: number,
        shape: ImageShape,
        random: Random,
      ) => MixedLabels | undefined;
    };

export interface AugmentationDefinition<
  T extends Options & { readonly probability: number } = Options & { readonly probability: number },
> {
  /** `probability` is how often an image, or a batch that is mixed, is changed at all. */
  readonly defaults: T;
  /** The paper. */
  readonly source?: string;
  /** Throws `UsageError` for an option out of its range, and for images that it is not for. */
  create(options: Widen<T>, shape: ImageShape): Augmentation;
}

/** Names the types of a definition; the identity at run time. */
export function defineAugmentation<const T extends Options & { readonly probability: number }>(
  definition: AugmentationDefinition<T>,
): AugmentationDefinition<T> {
  return definition;
}

/** exp of a uniform number: 1/2 is drawn as often as 2. Exactly 1 where both ends are. */
export function logUniform(random: Random, low: number, high: number): number {
  return low * (high / low) ** random.uniform();
}

/** Uniform in [−amount, amount). */
export function symmetric(random: Random, amount: number): number {
  return amount * (2 * random.uniform() - 1);
}
