import * as tf from '@tensorflow/tfjs';
import { only } from './input.ts';

interface Settings {
  readonly name?: string;
  readonly factor: number;
  readonly alignCorners: boolean;
}

/**
 * Multiplies height and width by a whole `factor`, bilinearly: with pixels as little squares (half-pixel centres, as
 * TensorFlow 2 and PyTorch do by default), or with `alignCorners`, the outermost pixels staying where they are.
 *
 * tf.layers' `upSampling2d` does neither.
 */
export class BilinearUpSampling2D extends tf.layers.Layer {
  static readonly className = 'BilinearUpSampling2D';
  readonly #settings: Settings;

  constructor(settings: Settings) {
    super({ ...(settings.name !== undefined && { name: settings.name }) });
    this.#settings = settings;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const { factor, alignCorners } = this.#settings;
    const x = only(inputs) as tf.Tensor4D;
    const [, height, width] = x.shape;
    return tf.image.resizeBilinear(x, [height * factor, width * factor], alignCorners, !alignCorners);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, height, width, channels] = inputShape as [null, number, number, number];
    const { factor } = this.#settings;
    return [batch, height * factor, width * factor, channels];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { factor, alignCorners } = this.#settings;
    return { ...super.getConfig(), factor, alignCorners };
  }
}
