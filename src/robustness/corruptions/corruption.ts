// The contract of corruptions: what happens to images that nobody attacks.

import type { Random } from '../../random.ts';

/** One image: `[height, width, channels]` in [0, 1], row by row. */
export interface Picture {
  readonly pixels: Float32Array;
  readonly shape: readonly [height: number, width: number, channels: number];
}

/** The same image, corrupted by an amount whose unit is the corruption's. */
export type Corrupted = (amount: number) => Float32Array | Promise<Float32Array>;

export interface Corruption {
  /** The amounts that severities 1 to 5 stand for, the mildest first. */
  readonly amounts: readonly [number, number, number, number, number];
  /**
   * Makes all random choices for one image, so that a larger amount is more of the same corruption. Results are new
   * and of the size of the image; values out of [0, 1] are clipped afterwards.
   */
  prepare(picture: Picture, random: Random): Corrupted;
}

/** Names the type of a definition; the identity at run time. */
export function defineCorruption(corruption: Corruption): Corruption {
  return corruption;
}
