import * as tf from '@tensorflow/tfjs';
import { listChoices, RunError, UsageError } from '../../errors.ts';
import type { Random } from '../../random.ts';
import type { Corruption, Picture } from './corruption.ts';
import * as registry from './registry.ts';

export type CorruptionName = keyof typeof registry;

const corruptions: Readonly<Record<CorruptionName, Corruption>> = registry;

/** The mildest to the worst. */
export const SEVERITIES = [1, 2, 3, 4, 5] as const;

/** The corruption of this name; `UsageError` where there is none. */
export function corruptionOf(name: CorruptionName): Corruption {
  if (Object.hasOwn(corruptions, name)) return corruptions[name];
  throw new UsageError(
    `There is no corruption "${name}". Choose one of: ${listChoices(Object.keys(corruptions))}.`,
  );
}

/** Clips to [0, 1], in place; false where a value is NaN. */
function clip(pixels: Float32Array): boolean {
  for (let i = 0; i < pixels.length; i++) {
    const value = pixels[i]!;
    if (value >= 0 && value <= 1) continue;
    if (Number.isNaN(value)) return false;
    pixels[i] = value < 0 ? 0 : 1;
  }
  return true;
}

/** One image with its random choices made: gives it at any amount, in [0, 1]. */
export function prepared(
  name: CorruptionName,
  picture: Picture,
  random: Random,
): (amount: number) => Promise<Float32Array> {
  const corrupted = corruptionOf(name).prepare(picture, random);
  return async (amount) => {
    const pixels = await corrupted(amount);
    if (pixels.length === picture.pixels.length && clip(pixels)) return pixels;
    throw new RunError(
      `The corruption ${name} gave ${pixels.length} values, or NaN, for an image [${picture.shape}]. ` +
        'Check its arithmetic.',
    );
  };
}

/** Images with the names by which each draws its random choices. */
export interface NamedImages {
  readonly ids: readonly string[];
  /** `[batch, height, width, channels]`, in [0, 1]. */
  readonly images: tf.Tensor4D;
}

/** The images of a batch, one by one. */
export function picturesOf({ images }: Pick<NamedImages, 'images'>): Picture[] {
  const [batch, ...shape] = images.shape;
  const values = images.dataSync<'float32'>();
  const size = values.length / batch;
  return Array.from({ length: batch }, (_, i) => ({ pixels: values.slice(i * size, (i + 1) * size), shape }));
}

/** The inverse of `picturesOf`. The caller disposes. */
export function stacked(pixels: readonly Float32Array[], shape: tf.Tensor4D['shape']): tf.Tensor4D {
  const values = new Float32Array(tf.util.sizeFromShape(shape));
  let at = 0;
  for (const image of pixels) {
    values.set(image, at);
    at += image.length;
  }
  return tf.tensor4d(values, shape);
}

/**
 * The images under one corruption, at each severity from 1 to 5.
 *
 * What is random in an image depends on its id alone: not on its batch, and not on the severity, so that a severity is
 * more of the same. Results are in [0, 1]; the caller disposes each.
 */
export async function* corrupt(
  name: CorruptionName,
  batch: NamedImages,
  random: Random,
): AsyncGenerator<{ readonly severity: number; readonly images: tf.Tensor4D }> {
  const { amounts } = corruptionOf(name);
  const each = picturesOf(batch).map((picture, i) =>
    prepared(name, picture, random.stream(`${name}/${batch.ids[i]}`)),
  );
  for (const severity of SEVERITIES) {
    const amount = amounts[severity - 1] as number;
    const pixels = await Promise.all(each.map((image) => image(amount)));
    yield { severity, images: stacked(pixels, batch.images.shape) };
  }
}
