import * as tf from '@tensorflow/tfjs';
import type { Random } from '../random.ts';

/**
 * Dropout whose masks come from a random stream of the run; the identity at inference. tfjs' own draws
 * unseeded or, seeded, one and the same mask for ever.
 *
 * A saved model holds the standard `Dropout` in its place.
 */
export class SeededDropout extends tf.layers.Layer {
  // The class is not registered: tfjs goes on loading its own `Dropout` under this name.
  static readonly className = 'Dropout';
  readonly rate: number;
  #random: Random;

  /** `rate`: the fraction of units that are set to zero, in [0, 1). */
  constructor(settings: { name: string; rate: number; random: Random }) {
    super({ name: settings.name });
    this.rate = settings.rate;
    this.#random = settings.random;
  }

  /** The next mask is the first of `random`. */
  reseed(random: Random): void {
    this.#random = random;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], settings: { training?: boolean }): tf.Tensor {
    const x = Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs;
    if (!settings.training || this.rate === 0) return x;
    const mask = this.#random.uniforms(x.size, 0, 1);
    const kept = 1 / (1 - this.rate);
    for (let i = 0; i < mask.length; i++) mask[i] = (mask[i] as number) < this.rate ? 0 : kept;
    return tf.tidy(() => tf.mul(x, tf.tensor(mask, x.shape)));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.rate, noiseShape: null, seed: null };
  }
}

/**
 * Makes the masks of the next training step a function of `random` alone: called with
 * `random.stream('dropout/<step>')` before each step, a resumed run draws what an uninterrupted one would.
 */
export function reseedDropout(model: tf.LayersModel, random: Random): void {
  for (const layer of model.layers) {
    if (layer instanceof SeededDropout) layer.reseed(random.stream(layer.name));
  }
}
