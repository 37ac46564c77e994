// Images and labels as `model.fit` takes them, as a data set.

import * as tf from '@tensorflow/tfjs';
import type { Dataset, ImageShape, Task } from '../../../data/dataset.ts';
import { UsageError } from '../../../errors.ts';

/** `[n, height, width, channels]`, and labels: one-hot, or class indices with an axis of 1 behind them or without. */
export type ValidationData = readonly [images: tf.Tensor, labels: tf.Tensor];

/** The values of a pixel that is black and of one that is white. */
export type PixelRange = readonly [low: number, high: number];

export interface DataShape {
  readonly task: Task;
  /** Two or more; of a model with one output, two. */
  readonly classes: number;
  readonly pixels: PixelRange;
}

const owner = 'validationData of adversarialEvaluation';

/**
 * The images in [0, 1], and the labels as class indices. One-hot labels that are 0 throughout a pixel, and negative
 * indices of pixels, are ignored. Reads from the tensors as it is read: they stay the caller's, and must live as long.
 *
 * Throws `UsageError` for pixels out of their range, for labels of another shape or of no class, and for several labels
 * of one image.
 */
export function datasetOf([images, labels]: ValidationData, { task, classes, pixels }: DataShape): Dataset {
  const places = checkShapes(images, labels, task);
  checkRange(images, pixels);
  const indices = task === 'classification' ? classesIn(labels, places, classes) : undefined;
  const numbers = Array.from({ length: places[0] as number }, (_, i) => `${i}`);
  const [low, high] = pixels;
  return {
    name: 'validationData',
    task,
    imageShape: images.shape.slice(1) as unknown as ImageShape,
    classes: Array.from({ length: classes }, (_, k) => `class ${k}`),
    samples: numbers.map((id, i) => ({ id, patient: id, ...(indices && { label: indices[i] as number }) })),
    async read(i) {
      const scaled = tf.tidy(() =>
        row(images, i)
          .sub(low)
          .div(high - low)
          .clipByValue(0, 1),
      );
      const values = scaled.dataSync<'float32'>();
      scaled.dispose();
      return { id: `${i}`, pixels: Float32Array.from(values), label: indices?.[i] ?? mapOf(i) };
    },
  };

  function mapOf(i: number): Int32Array {
    const one = row(labels, i);
    const map = classesIn(one, [1, ...places.slice(1)], classes);
    one.dispose();
    return map;
  }
}

const row = (tensor: tf.Tensor, i: number) => tf.slice(tensor, [i], [1]);

/** The shape of the labels as class indices. */
function checkShapes(images: tf.Tensor, labels: tf.Tensor, task: Task): readonly number[] {
  if (images.rank !== 4 || images.shape[0] === 0) {
    throw new UsageError(
      `${owner}: expected images [n, height, width, channels], received [${images.shape}]. Reshape them.`,
    );
  }
  const places = images.shape.slice(0, task === 'classification' ? 1 : 3);
  const given = labels.shape.slice(0, places.length);
  if (tf.util.arraysEqual(given, places) && labels.rank <= places.length + 1) return places;
  throw new UsageError(
    `${owner}: expected labels [${places}] or [${[...places, 'classes']}], received [${labels.shape}].`,
  );
}

function checkRange(images: tf.Tensor, [low, high]: PixelRange): void {
  const [least, most] = extentOf(images);
  // What float32 makes of a division and a multiplication by the range.
  const rounding = 1e-5 * (high - low);
  if (least >= low - rounding && most <= high + rounding) return;
  throw new UsageError(
    `${owner}: expected pixels from ${low} to ${high}, received values from ${least} to ${most}. ` +
      'Set the option pixels to [black, white] as the model takes them.',
  );
}

/** The lowest and the highest value; NaN where there is one. */
export function extentOf(images: tf.Tensor): readonly [least: number, most: number] {
  return tf.tidy(() => {
    const broken = images.toFloat().isNaN().any().dataSync()[0];
    if (broken) return [Number.NaN, Number.NaN] as const;
    return [images.min().dataSync()[0] as number, images.max().dataSync()[0] as number] as const;
  });
}

/** Class indices of the places; -1 where nothing counts. */
function classesIn(labels: tf.Tensor, places: readonly number[], classes: number): Int32Array {
  const values = labels.dataSync();
  const columns = labels.rank > places.length ? (labels.shape.at(-1) as number) : 1;
  const count = values.length / columns;
  if (columns === 1) return Int32Array.from(values, (value) => checkIndex(value, places, classes));
  if (columns !== classes) {
    throw new UsageError(
      `${owner}: expected one-hot labels of ${classes} classes, received ${columns} columns. ` +
        'The model gives a value for each class.',
    );
  }
  return Int32Array.from({ length: count }, (_, place) =>
    indexOfHot(values.subarray(place * columns, (place + 1) * columns), places),
  );
}

function checkIndex(value: number, places: readonly number[], classes: number): number {
  const ignored = places.length > 1 && Number.isInteger(value) && value < 0;
  if (ignored) return -1;
  if (Number.isInteger(value) && value >= 0 && value < classes) return value;
  throw new UsageError(`${owner}: expected labels from 0 to ${classes - 1}, received ${value}.`);
}

function indexOfHot(row: ArrayLike<number>, places: readonly number[]): number {
  const values = Array.from(row);
  const sum = values.reduce((total, value) => total + value, 0);
  if (sum === 0 && places.length > 1) return -1;
  if (Math.abs(sum - 1) < 1e-3) return values.indexOf(Math.max(...values));
  throw new UsageError(
    `${owner}: expected one-hot labels, whose sum is 1, received [${values}]. ` +
      'Several labels for one image are not supported.',
  );
}
