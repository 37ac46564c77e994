import * as tf from '@tensorflow/tfjs';
import { groupedConv2d } from '../../engine/ops/grouped-convolution.ts';
import type { Initialiser } from '../initialisers.ts';
import { only, shapeOf } from './input.ts';

interface Settings {
  readonly name?: string;
  readonly filters: number;
  readonly kernelSize: readonly [height: number, width: number];
  readonly stride: number;
  readonly padding: 'same' | 'valid';
  readonly groups: number;
  readonly useBias: boolean;
  /** Zeros where it is absent: a loaded model has its own weights. */
  readonly kernelInitializer?: Initialiser;
}

/**
 * A convolution whose groups of filters each see their own part of the channels; its kernel is `[height, width,
 * in / groups, filters]`. tf.layers' own takes `groups` and builds a dense one.
 */
export class GroupedConv2D extends tf.layers.Layer {
  static readonly className = 'GroupedConv2D';
  readonly #settings: Settings;
  #kernel: ReturnType<tf.layers.Layer['addWeight']> | undefined;
  #bias: ReturnType<tf.layers.Layer['addWeight']> | undefined;

  constructor(settings: Settings) {
    super({ ...(settings.name !== undefined && { name: settings.name }) });
    this.#settings = settings;
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const { filters, kernelSize, groups, kernelInitializer, useBias } = this.#settings;
    const channels = shapeOf(inputShape).at(-1) as number;
    const shape = [...kernelSize, channels / groups, filters];
    this.#kernel = this.addWeight('kernel', shape, 'float32', kernelInitializer ?? tf.initializers.zeros());
    if (useBias) this.#bias = this.addWeight('bias', [filters], 'float32', tf.initializers.zeros());
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const { stride, padding } = this.#settings;
    return tf.tidy(() => {
      const filter = this.#kernel!.read() as tf.Tensor4D;
      const y = groupedConv2d(only(inputs) as tf.Tensor4D, filter, stride, padding);
      return this.#bias ? tf.add(y, this.#bias.read()) : y;
    });
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const { filters, kernelSize, stride, padding } = this.#settings;
    const [batch, ...plane] = shapeOf(inputShape);
    const lengths = kernelSize.map((size, axis) => {
      const places = (plane[axis] as number) - (padding === 'valid' ? size - 1 : 0);
      return Math.ceil(places / stride);
    });
    return [batch as null, ...lengths, filters];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { filters, kernelSize, stride, padding, groups, useBias } = this.#settings;
    return {
      ...super.getConfig(),
      filters,
      kernelSize: [...kernelSize],
      stride,
      padding,
      groups,
      useBias,
    };
  }
}

tf.serialization.registerClass(GroupedConv2D);
