import * as tf from '@tensorflow/tfjs';
import { only } from './input.ts';

interface Settings {
  readonly name?: string;
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
}

/**
 * x / (1 + alpha / size · Σ x²)^beta, the sum over the `size` channels (odd) around each. Krizhevsky et al. 2012,
 * ImageNet classification with deep convolutional neural networks, section 3.3; `alpha` is divided by `size` as in
 * Caffe and PyTorch.
 */
export class LocalResponseNormalization extends tf.layers.Layer {
  static readonly className = 'LocalResponseNormalization';
  readonly #settings: Settings;

  constructor(settings: Settings) {
    super({ ...(settings.name !== undefined && { name: settings.name }) });
    this.#settings = settings;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const { size, alpha, beta } = this.#settings;
    return tf.localResponseNormalization(only(inputs) as tf.Tensor4D, (size - 1) / 2, 1, alpha / size, beta);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { size, alpha, beta } = this.#settings;
    return { ...super.getConfig(), size, alpha, beta };
  }
}
