// Attacked images that are kept to be looked at.

import type * as tf from '@tensorflow/tfjs';
import { rowsOf } from '../attacks/rows.ts';

export interface KeptImages {
  /** One of those of the curves, above 0. */
  readonly epsilon: number;
  /** The images that are looked at. */
  readonly ids: ReadonlySet<string>;
  /**
   * By attack and id, `[height, width, channels]`: what the attack made last, up to that epsilon. Filled as curves are
   * measured; images that are wrong when clean are not attacked, and not here.
   */
  readonly pixels: Map<string, Map<string, Float32Array>>;
}

/** Nothing yet of these images. */
export function keptImages(epsilon: number, ids: readonly string[]): KeptImages {
  return { epsilon, ids: new Set(ids), pixels: new Map() };
}

/** Adds copies of `images`, of these ids. */
export function keepImages(
  { pixels }: KeptImages,
  attack: string,
  ids: readonly string[],
  images: tf.Tensor4D,
): void {
  const own = pixels.get(attack) ?? new Map<string, Float32Array>();
  pixels.set(attack, own);
  for (const [i, row] of rowsOf(images).entries()) own.set(ids[i] as string, row.slice());
}
