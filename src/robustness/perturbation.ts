// How much an attack changes images: its own measure, and those of people.

import * as tf from '@tensorflow/tfjs';
import { norms } from '../attacks/norms.ts';
import { rowsOf } from '../attacks/rows.ts';
import type { NormName } from '../attacks/threat.ts';

/** Sizes of a perturbation of one image, or the means over several. */
export interface Perturbation {
  /** Peak signal-to-noise ratio, −10·log10 of the mean squared change, in decibels; infinite where nothing changes. */
  readonly psnr: number;
  /** Euclidean length of the change, over all values of the image. */
  readonly l2: number;
  /** The largest change of a value. */
  readonly linf: number;
  /** Where the adversary is bound in it: the sum of all changes. */
  readonly l1?: number;
  /** Where the adversary is bound in it: how many values change. */
  readonly l0?: number;
}

/** What leads from each clean image to the one moved, both `[batch, height, width, channels]` in [0, 1]. */
export function perturbationsOf(clean: tf.Tensor4D, moved: tf.Tensor4D, norm: NormName): Perturbation[] {
  const difference = tf.sub<tf.Tensor4D>(moved, clean);
  const sizes = rowsOf(difference).map((values): Perturbation => {
    let [squares, linf] = [0, 0];
    // One plain loop: this runs on every image at every epsilon.
    for (let i = 0; i < values.length; i++) {
      const size = Math.abs(values[i] as number);
      squares += size * size;
      if (size > linf) linf = size;
    }
    const psnr = -10 * Math.log10(squares / values.length);
    const own = norm === 'l1' || norm === 'l0' ? { [norm]: norms[norm].length(values) } : {};
    return { psnr, l2: Math.sqrt(squares), linf, ...own };
  });
  difference.dispose();
  return sizes;
}

/** The mean of each size, over at least one perturbation. */
export function meanPerturbation(all: readonly [Perturbation, ...Perturbation[]]): Perturbation {
  const keys = Object.keys(all[0]) as (keyof Perturbation)[];
  const mean = (key: keyof Perturbation) =>
    all.reduce((sum, one) => sum + (one[key] as number), 0) / all.length;
  return Object.fromEntries(keys.map((key) => [key, mean(key)])) as unknown as Perturbation;
}
