// Sizes of images that a segmentation net takes, and `padInput`: what makes it take all others.
//
// Padded is with zeros, which are black: what surrounds the body in most medical images. Reflection, the other custom,
// would let a pixel near the edge count twice, to an adversary too, ends at images shorter than the padding, and has no
// layer in plain tfjs.

import type * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import { cropTo } from './weightless.ts';

type Size = readonly [height: number, width: number];
type ImageShape = readonly [height: number, width: number, channels: number];

/** What a net asks of the height and of the width of an image. */
export interface Sides {
  /** In words: 'multiples of 16'. */
  readonly expected: string;
  takes(length: number): boolean;
  /** The least length that the net takes whose map of logits is at least `length` long. */
  enclosing(length: number): number;
}

export function multiplesOf(divisor: number): Sides {
  return {
    expected: `multiples of ${divisor}`,
    takes: (length) => length % divisor === 0,
    enclosing: (length) => Math.ceil(length / divisor) * divisor,
  };
}

/**
 * Of nets without padding, `depths` convolutions in each stage: every 3 × 3 convolution takes a pixel from each side, and
 * every map that is halved must be even.
 */
export function unpaddedSides(depths: readonly number[]): Sides {
  const divisor = 2 ** (depths.length - 1);
  const takes = (length: number) => unpaddedLength(depths, length) > 0;
  let least = 1;
  while (!takes(least)) least++;
  return {
    expected: `${least}, or more by multiples of ${divisor}`,
    takes,
    enclosing(length) {
      let enclosing = least;
      while (unpaddedLength(depths, enclosing) < length) enclosing += divisor;
      return enclosing;
    },
  };
}

/** The length of the map of logits, given the convolutions of each stage; 0 where there is none. */
function unpaddedLength([convolutions, ...deeper]: readonly number[], length: number): number {
  const lost = 2 * convolutions!;
  const encoded = length - lost;
  if (encoded <= 0) return 0;
  if (deeper.length === 0) return encoded;
  return encoded % 2 === 0 ? Math.max(0, 2 * unpaddedLength(deeper, encoded / 2) - lost) : 0;
}

/**
 * The size at which a net works: that of the images or, with `padInput`, the least that encloses them.
 *
 * Throws `UsageError` where the net cannot take the images; `owner`: its name, with the options that decide.
 */
export function workingSize(
  owner: string,
  [height, width]: ImageShape,
  sides: Sides,
  padInput: boolean,
): Size {
  if (padInput) return [sides.enclosing(height), sides.enclosing(width)];
  if (sides.takes(height) && sides.takes(width)) return [height, width];
  throw new UsageError(
    `${owner}: expected images whose height and width are ${sides.expected}, received ${height} × ${width}. ` +
      'Resize the images, choose a smaller depth, or set padInput: true.',
  );
}

/** The middle of a map that is larger than the images, of their size; one that is not is left alone. */
export function cropBack(x: tf.SymbolicTensor, [height, width]: Size, name: string): tf.SymbolicTensor {
  const [, own, across] = x.shape as [null, number, number, number];
  if (own <= height && across <= width) return x;
  return cropTo(x, [height, width], name);
}
