// The contract of data: a dataset is random access to samples and knows nothing of batches, shuffling,
// splits or augmentation; each of those is a function from Dataset to Dataset, or to a stream.

import type * as tf from '@tensorflow/tfjs';
import type { Options, Widen } from '../options.ts';

/** `multilabel`: images each class of which is there or not, whatever the others are. */
export type Task = 'classification' | 'multilabel' | 'segmentation';
export type ImageShape = readonly [height: number, width: number, channels: number];

/** What is known of a sample before its image is read: enough to split by patient and to stratify. */
export interface SampleInfo {
  /** Unique in its dataset. */
  readonly id: string;
  /** Samples of one patient (or lesion) never cross a split. The id where nothing is known. */
  readonly patient: string;
  /** The class index, in classification; undefined otherwise. */
  readonly label?: number;
  /** With several labels, of each class: 1 where it is there, 0 where not, −1 where that is not known. */
  readonly labels?: readonly number[];
}

export interface Sample {
  readonly id: string;
  /** `[height, width, channels]`, in [0, 1]. */
  readonly pixels: Float32Array;
  /** A class index, a class map `[height, width]`, or as `SampleInfo.labels`. */
  readonly label: number | Int32Array;
}

/** What the labels of one sample are like: one number, a map, or one for each class. */
export function labelShape({
  task,
  imageShape,
  classes,
}: Pick<Dataset, 'task' | 'imageShape' | 'classes'>): number[] {
  if (task === 'classification') return [];
  return task === 'segmentation' ? [imageShape[0], imageShape[1]] : [classes.length];
}

/** How many labels a sample has. */
export function placesOf(dataset: Pick<Dataset, 'task' | 'imageShape' | 'classes'>): number {
  return labelShape(dataset).reduce((product, size) => product * size, 1);
}

/** Several labels in words: those that are there, and with a question mark those that are not known. */
export function describeLabels(labels: ArrayLike<number>, classes: readonly string[]): string {
  const named = classes.flatMap((name, k) =>
    labels[k] === 1 ? [name] : labels[k] === -1 ? [`${name}?`] : [],
  );
  return named.join(', ') || 'none';
}

export type SplitName = 'train' | 'validation' | 'test';

export interface Dataset {
  readonly name: string;
  readonly task: Task;
  readonly imageShape: ImageShape;
  /** In segmentation, class 0 is the background. */
  readonly classes: readonly string[];
  /** One entry a sample, in an order that depends on nothing but the files. */
  readonly samples: readonly SampleInfo[];
  /** Decodes one sample; the same index gives the same sample at any time. Throws `RunError` on a file that cannot be decoded. */
  read(index: number): Promise<Sample>;
  /** The files that a sample is made of, for caches to see whether they changed; absent where there are none. */
  filesOf?(index: number): readonly string[];
  /** The files that say which samples there are, and what they are of. */
  readonly tables?: readonly string[];
  /** Sample indices of each split, for data that come divided (MedMNIST). */
  readonly fixedSplits?: Readonly<Record<SplitName, readonly number[]>>;
}

export interface DatasetDefinition<T extends Options = Options> {
  readonly defaults: T;
  /** Reads the index, not the images. Throws `UsageError` for a path, column or label that is not there. */
  open(options: Widen<T>): Promise<Dataset>;
}

/** Names the types of a definition; the identity at run time. */
export function defineDataset<const T extends Options>(
  definition: DatasetDefinition<T>,
): DatasetDefinition<T> {
  return definition;
}

/** Samples stacked into tensors. Whoever iterates disposes: `for await (using batch of …)`. */
export interface Batch extends Disposable {
  readonly ids: readonly string[];
  /** `[batch, height, width, channels]`, in [0, 1]. */
  readonly images: tf.Tensor4D;
  /** Class indices, int32: `[batch]` or `[batch, height, width]`; of several labels 1, 0 or −1, `[batch, classes]`. */
  readonly labels: tf.Tensor;
  /** Of images that are mixed with others: these others' labels, and their part in [0, 1]; `labels` have the rest. */
  readonly mixed?: { readonly labels: tf.Tensor; readonly share: number };
}
