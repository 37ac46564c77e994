// The nets, images and results of reference implementations in test/golden/attacks.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs';

export interface Stored {
  readonly shape: number[];
  readonly dtype: 'float32' | 'int32';
  readonly data: number[];
}

export function golden<T>(name: string): T {
  const file = new URL(`../golden/attacks/${name}.json.gz`, import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(file)).toString()) as T;
}

export function tensorOf<T extends tf.Tensor = tf.Tensor>({ shape, dtype, data }: Stored): T {
  return tf.tensor(data, shape, dtype) as T;
}

interface StoredNet {
  readonly weights: Record<string, Stored>;
  readonly inputs: Stored;
  readonly labels: Stored;
  readonly target_labels: Stored;
  readonly expected: Record<string, Stored>;
}

const model = golden<{ classifier: StoredNet; segmenter: StoredNet }>('model');

/** A net of the fixtures: its tensors live until `dispose`. */
export interface GoldenNet {
  logits(images: tf.Tensor4D): tf.Tensor;
  readonly images: tf.Tensor4D;
  readonly labels: tf.Tensor;
  readonly stored: StoredNet;
  dispose(): void;
}

function open(
  stored: StoredNet,
  forward: (images: tf.Tensor4D, weight: (name: string) => tf.Tensor) => tf.Tensor,
): GoldenNet {
  const weights = Object.fromEntries(
    Object.entries(stored.weights).map(([name, value]) => [name, tensorOf(value)]),
  );
  const images = tensorOf<tf.Tensor4D>(stored.inputs);
  const labels = tensorOf(stored.labels);
  return {
    logits: (input) => forward(input, (name) => weights[name] as tf.Tensor),
    images,
    labels,
    stored,
    dispose: () => tf.dispose([images, labels, weights]),
  };
}

const conv = (x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, stride: number, pad: 'same' | 'valid') =>
  tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, stride, pad).add(bias);

export function openClassifier(): GoldenNet {
  return open(model.classifier, (images, weight) => {
    let x = conv(images, weight('conv1/kernel'), weight('conv1/bias'), 1, 'same').relu();
    x = conv(x, weight('conv2/kernel'), weight('conv2/bias'), 2, 'valid').relu();
    return tf.matMul(x.mean([1, 2]), weight('fc/kernel')).add(weight('fc/bias'));
  });
}

export function openSegmenter(): GoldenNet {
  return open(model.segmenter, (images, weight) => {
    const x = conv(images, weight('conv1/kernel'), weight('conv1/bias'), 1, 'same').relu();
    return conv(x, weight('conv2/kernel'), weight('conv2/bias'), 1, 'same');
  });
}
