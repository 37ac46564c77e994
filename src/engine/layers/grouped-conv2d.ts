import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../../errors.ts';
import { groupedConv2d } from '../ops/grouped-conv2d.ts';
import { only } from './input.ts';

type LayerWeight = ReturnType<tf.layers.Layer['addWeight']>;
type Initializer = ReturnType<typeof tf.initializers.zeros>;
type Pair = readonly [height: number, width: number];

interface GroupedConv2DSettings {
  readonly name?: string;
  readonly filters: number;
  readonly kernelSize: Pair | number;
  readonly groups: number;
  /** Default 1. */
  readonly strides?: Pair | number;
  /** Default 'valid', as in tf.layers. */
  readonly padding?: 'same' | 'valid';
  /** Default 1. */
  readonly dilationRate?: Pair | number;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default Glorot's, unseeded: nets give theirs. A loaded model has its weights. */
  readonly kernelInitializer?: Initializer;
  /** Default: zeros. */
  readonly biasInitializer?: Initializer;
}

const pair = (size: Pair | number): [number, number] =>
  typeof size === 'number' ? [size, size] : [size[0], size[1]];

/**
 * A convolution of images in groups: `tf.layers.conv2d` takes `groups`, and ignores it. Weights are `kernel`
 * `[height, width, inputs / groups, filters]` and `bias` `[filters]`, as those of Keras' `Conv2D` with groups.
 *
 * Xie et al. 2017 (ResNeXt), arXiv:1611.05431. Throws `UsageError` where `groups` does not divide the channels.
 */
export class GroupedConv2D extends tf.layers.Layer {
  static readonly className = 'GroupedConv2D';
  readonly filters: number;
  readonly kernelSize: [number, number];
  readonly groups: number;
  readonly strides: [number, number];
  readonly padding: 'same' | 'valid';
  readonly dilationRate: [number, number];
  readonly useBias: boolean;
  readonly #initializer: Initializer;
  readonly #biasInitializer: Initializer;
  #kernel?: LayerWeight;
  #bias?: LayerWeight;

  constructor(settings: GroupedConv2DSettings) {
    super(settings.name === undefined ? {} : { name: settings.name });
    this.filters = settings.filters;
    this.kernelSize = pair(settings.kernelSize);
    this.groups = settings.groups;
    this.strides = pair(settings.strides ?? 1);
    this.padding = settings.padding ?? 'valid';
    this.dilationRate = pair(settings.dilationRate ?? 1);
    this.useBias = settings.useBias ?? true;
    this.#initializer = settings.kernelInitializer ?? tf.initializers.glorotUniform({});
    this.#biasInitializer = settings.biasInitializer ?? tf.initializers.zeros();
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const inputs = (inputShape as tf.Shape).at(-1) as number;
    const { filters, groups } = this;
    if (!Number.isInteger(groups) || groups < 1 || inputs % groups !== 0 || filters % groups !== 0) {
      throw new UsageError(
        `GroupedConv2D: expected groups to divide ${inputs} channels and ${filters} filters, received ${groups}. ` +
          'Choose a common divisor.',
      );
    }
    const shape = [...this.kernelSize, inputs / groups, filters];
    this.#kernel = this.addWeight('kernel', shape, 'float32', this.#initializer, undefined, true);
    if (this.useBias) {
      this.#bias = this.addWeight('bias', [filters], 'float32', this.#biasInitializer, undefined, true);
    }
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, ...image] = inputShape as tf.Shape;
    const size = [0, 1].map((axis) => {
      const [length, stride] = [image[axis], this.strides[axis]!];
      if (length == null) return null;
      const reach = (this.kernelSize[axis]! - 1) * this.dilationRate[axis]!;
      return Math.ceil((this.padding === 'same' ? length : length - reach) / stride);
    });
    return [batch ?? null, ...size, this.filters];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = only(inputs) as tf.Tensor4D;
    return tf.tidy(() => {
      const { groups, strides, padding: pad, dilationRate: dilations } = this;
      const filter = this.#kernel!.read() as tf.Tensor4D;
      const y = groupedConv2d(x, filter, { groups, strides, pad, dilations });
      return this.#bias ? tf.add(y, this.#bias.read()) : y;
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { filters, kernelSize, groups, strides, padding, dilationRate, useBias } = this;
    return { ...super.getConfig(), filters, kernelSize, groups, strides, padding, dilationRate, useBias };
  }
}
