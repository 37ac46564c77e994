// What the checks of a batch ask of the net.

import * as tf from '@tensorflow/tfjs';
import { gradient } from '../../attacks/gradient.ts';
import { takeRows } from '../../attacks/rows.ts';
import { tied } from '../../attacks/watch.ts';
import type { Known, Probe } from './diagnostic.ts';

/** What `body` gives, which is no tensor; those that it makes are disposed of. */
export function tidied<T>(body: () => T): T {
  let result: T | undefined;
  tf.tidy(() => {
    result = body();
  });
  return result as T;
}

/** Enough to tell a defect of the net, which all images share, from a peculiar image. */
const IMAGES = { least: 2, most: 8 };

/** The first images of a probe: of a small batch half, so that checks cost little beside the curves of it. */
export function firstOf(probe: Probe): Probe {
  const count = probe.images.shape[0];
  const half = Math.max(IMAGES.least, Math.ceil(count / 2));
  const rows = [...Array(Math.min(IMAGES.most, half, count)).keys()];
  return { ...probe, images: takeRows(probe.images, rows), labels: takeRows(probe.labels, rows) };
}

/** The logits of `images`, row by row of classes. */
export function outputsOf({ net }: Pick<Probe, 'net'>, images: tf.Tensor4D) {
  return tf.tidy(() => {
    const logits = net.logits(images);
    return { values: logits.dataSync<'float32'>().slice(), classes: logits.shape.at(-1) as number };
  });
}

/** The loss of each image. */
export function lossesOf({ net, labels, loss }: Probe, images: tf.Tensor4D): Float32Array {
  return tf.tidy(() => loss(net.logits(images), labels).dataSync<'float32'>().slice());
}

/** The gradient of the losses by `images`, 0 where the net does not depend on them. */
export function slopesOf({ net, labels, loss }: Probe, images: tf.Tensor4D): tf.Tensor4D {
  return gradient((input) => loss(tied(net.logits(input), input), labels), images);
}

/** The same probe with what its checks share: one pass forward. */
export function known(probe: Probe): Probe & { readonly known: Known } {
  return { ...probe, known: { outputs: outputsOf(probe, probe.images) } };
}

/** The logits of the images of a probe. */
export function ownOutputs(probe: Probe): Known['outputs'] {
  return probe.known?.outputs ?? outputsOf(probe, probe.images);
}

/** The largest distance of two images' logits, both divided by the length of the first; NaN where one is. */
export function differenceOf(a: Float32Array, b: Float32Array, images: number): number {
  const size = a.length / images;
  let largest = 0;
  for (let image = 0; image < images; image++) {
    let [length, difference] = [0, 0];
    for (let i = image * size; i < (image + 1) * size; i++) {
      length += (a[i] as number) ** 2;
      difference += ((a[i] as number) - (b[i] as number)) ** 2;
    }
    const relative = Math.sqrt(difference) / (Math.sqrt(length) + 1e-10);
    if (!(relative <= largest)) largest = relative;
  }
  return largest;
}

export const lengthOf = (row: Float32Array) => Math.sqrt(row.reduce((sum, value) => sum + value ** 2, 0));
