// Models of nobody in particular, as users of plain tfjs build and compile them.

import * as tf from '@tensorflow/tfjs';
import { createRandom } from '../../src/random.ts';

/** Images `[n, 8, 8, 1]` in [0, 1]: noise, and a brighter square on those of class 1; of class 2 on the left half. */
export function imagesOf(labels: readonly number[], seed = 1): tf.Tensor4D {
  const noise = createRandom(seed).uniforms(labels.length * 64, 0, 0.6);
  const bright = (label: number, place: number) => {
    const [y, x] = [place >> 3, place & 7];
    if (label === 1) return y > 1 && y < 6 && x > 1 && x < 6;
    return label === 2 && x < 4;
  };
  const pixels = noise.map((value, i) => value + (bright(labels[i >> 6] as number, i & 63) ? 0.35 : 0.05));
  return tf.tensor4d(pixels, [labels.length, 8, 8, 1]);
}

export const labelsOf = (count: number, classes: number) =>
  Array.from({ length: count }, (_, i) => i % classes);

const seeded = (seed: number) => tf.initializers.glorotUniform({ seed });

function convolution(filters: number, activation?: 'relu' | 'softmax' | 'sigmoid', seed = 1) {
  return tf.layers.conv2d({
    ...{ filters, kernelSize: 3, padding: 'same', kernelInitializer: seeded(seed) },
    ...(activation && { activation }),
  });
}

function dense(units: number, activation?: 'softmax' | 'sigmoid') {
  return tf.layers.dense({ units, kernelInitializer: seeded(2), ...(activation && { activation }) });
}

const logitsLoss = (labels: tf.Tensor, logits: tf.Tensor): tf.Tensor =>
  tf.losses.softmaxCrossEntropy(labels, logits);

/** How a model ends: its last layers behind the features, its loss, and its labels out of class indices. */
export interface Ending {
  readonly classes: number;
  readonly layers: () => tf.layers.Layer[];
  readonly loss: string | ((labels: tf.Tensor, outputs: tf.Tensor) => tf.Tensor);
  readonly labels: (classes: readonly number[]) => tf.Tensor;
  /** What the log has to say. */
  readonly said: RegExp;
}

const oneHot = (classes: number) => (labels: readonly number[]) =>
  tf.tidy(() => tf.oneHot(tf.tensor1d([...labels], 'int32'), classes).toFloat());
const column = (labels: readonly number[]) => tf.tensor2d([...labels], [labels.length, 1]);

/** A map of the bright square of class 1, which covers 16 pixels. */
const maps = (labels: readonly number[]) => {
  const values = labels.flatMap((label) =>
    Array.from({ length: 64 }, (_, place) => {
      const [y, x] = [place >> 3, place & 7];
      return label === 1 && y > 1 && y < 6 && x > 1 && x < 6 ? 1 : 0;
    }),
  );
  return tf.tensor4d(values, [labels.length, 8, 8, 1]);
};

export const classifierEndings: Readonly<Record<string, Ending>> = {
  'softmax of a dense layer': {
    classes: 3,
    layers: () => [tf.layers.flatten(), dense(3, 'softmax')],
    loss: 'categoricalCrossentropy',
    labels: oneHot(3),
    said: /applies a softmax; attacked on the logits before it\.$/,
  },
  'a softmax layer': {
    classes: 3,
    layers: () => [tf.layers.flatten(), dense(3), tf.layers.softmax()],
    loss: 'sparseCategoricalCrossentropy',
    labels: column,
    said: /applies a softmax; attacked on the logits before it\.$/,
  },
  'a softmax within a model within the model': {
    classes: 3,
    layers: () => [
      tf.sequential({
        layers: [
          tf.layers.flatten({ inputShape: [8, 8, 4] }),
          dense(3),
          tf.layers.activation({ activation: 'softmax' }),
        ],
      }),
    ],
    loss: 'categoricalCrossentropy',
    labels: oneHot(3),
    said: /applies a softmax; attacked on the logits before it\.$/,
  },
  logits: {
    classes: 3,
    layers: () => [tf.layers.flatten(), dense(3)],
    loss: logitsLoss,
    labels: oneHot(3),
    said: /are taken for logits\.$/,
  },
  'one sigmoid': {
    classes: 2,
    layers: () => [tf.layers.flatten(), dense(1, 'sigmoid')],
    loss: 'binaryCrossentropy',
    labels: column,
    said: /applies a sigmoid; attacked on the logits before it; one value stands for two classes\.$/,
  },
};

export const segmenterEndings: Readonly<Record<string, Ending>> = {
  'a map of softmax': {
    classes: 2,
    layers: () => [convolution(2, 'softmax', 2)],
    loss: 'categoricalCrossentropy',
    labels: (labels) => tf.tidy(() => tf.oneHot(maps(labels).squeeze([3]).toInt(), 2).toFloat()),
    said: /applies a softmax; attacked on the logits before it\.$/,
  },
  'a map of sigmoids': {
    classes: 2,
    layers: () => [convolution(1, 'sigmoid', 2)],
    loss: 'binaryCrossentropy',
    labels: maps,
    said: /applies a sigmoid; attacked on the logits before it; one value stands for two classes\.$/,
  },
};

/** With batch normalisation, whose statistics training moves. */
export function modelEnding(
  { layers, loss }: Ending,
  { learningRate = 0.01, scale = 1 } = {},
): tf.Sequential {
  const model = tf.sequential();
  model.add(tf.layers.rescaling({ scale, inputShape: [8, 8, 1] }));
  model.add(convolution(4, 'relu'));
  model.add(tf.layers.batchNormalization({ momentum: 0.5 }));
  for (const layer of layers()) model.add(layer);
  model.compile({ optimizer: tf.train.adam(learningRate), loss: loss as string, metrics: ['accuracy'] });
  return model;
}
