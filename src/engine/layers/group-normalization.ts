import * as tf from '@tensorflow/tfjs';
import { groupNorm } from '../ops/group-norm.ts';
import { only } from './input.ts';

type LayerWeight = ReturnType<tf.layers.Layer['addWeight']>;

interface GroupNormalizationSettings {
  readonly name?: string;
  /** A divisor of the channels; −1: one for each channel, which is instance normalisation. Default 32. */
  readonly groups?: number;
  /** Added to the variance. Default 1e-3, as Keras; PyTorch has 1e-5. */
  readonly epsilon?: number;
  /** Whether there is an offset (beta), which starts at 0. Default true. */
  readonly center?: boolean;
  /** Whether there is a gain (gamma), which starts at 1. Default true. */
  readonly scale?: boolean;
  /** Default ones. */
  readonly gammaInitializer?: 'ones' | 'zeros';
}

/**
 * Group normalisation over the last axis of `[batch, …, channels]`, the same in training and inference. tfjs has none;
 * name and configuration are those of Keras' layer.
 *
 * Wu and He 2018, arXiv:1803.08494.
 */
export class GroupNormalization extends tf.layers.Layer {
  static readonly className = 'GroupNormalization';
  readonly groups: number;
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly gammaInitializer: 'ones' | 'zeros';
  #gamma?: LayerWeight;
  #beta?: LayerWeight;

  constructor(settings: GroupNormalizationSettings = {}) {
    super(settings.name === undefined ? {} : { name: settings.name });
    const { groups = 32, epsilon = 1e-3, center = true, scale = true } = settings;
    [this.groups, this.epsilon, this.center, this.scale] = [groups, epsilon, center, scale];
    this.gammaInitializer = settings.gammaInitializer ?? 'ones';
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const channels = (inputShape as tf.Shape).at(-1) as number;
    const add = (name: string, initializer: 'ones' | 'zeros') =>
      this.addWeight(name, [channels], 'float32', tf.initializers[initializer](), undefined, true);
    if (this.scale) this.#gamma = add('gamma', this.gammaInitializer);
    if (this.center) this.#beta = add('beta', 'zeros');
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape | tf.Shape[] {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = only(inputs);
    const channels = x.shape.at(-1) as number;
    return tf.tidy(() => {
      const gamma = this.#gamma?.read() ?? tf.ones([channels]);
      const beta = this.#beta?.read() ?? tf.zeros([channels]);
      const groups = this.groups === -1 ? channels : this.groups;
      return groupNorm(x, gamma, beta, { groups, epsilon: this.epsilon });
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { groups, epsilon, center, scale, gammaInitializer } = this;
    return { ...super.getConfig(), groups, axis: -1, epsilon, center, scale, gammaInitializer };
  }
}
