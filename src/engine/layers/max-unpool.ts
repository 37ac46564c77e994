import * as tf from '@tensorflow/tfjs';
import { maxPoolWithIndices, maxUnpool } from '../ops/max-unpool.ts';
import { only } from './input.ts';

type Shape4D = [tf.Shape[0], number, number, number];

interface PoolSettings {
  readonly name?: string;
  /** Window and stride. Default 2. */
  readonly poolSize?: number;
}

/**
 * Max-pooling without overlap, for `MaxUnpooling2D` to undo: two outputs, the maxima `[batch, height / size,
 * width / size, channels]`, rounded up, padded as 'same' does, and where they were. Rounded up as in the SegNet of Caffe;
 * PyTorch rounds down.
 */
export class MaxPoolingWithIndices2D extends tf.layers.Layer {
  static readonly className = 'MaxPoolingWithIndices2D';
  readonly poolSize: number;

  constructor({ name, poolSize = 2 }: PoolSettings = {}) {
    super(name === undefined ? {} : { name });
    this.poolSize = poolSize;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape[] {
    const [batch, height, width, channels] = inputShape as Shape4D;
    const pooled = [height, width].map((length) => Math.ceil(length / this.poolSize));
    const shape = [batch, ...pooled, channels] as tf.Shape;
    return [shape, shape];
  }

  /** tf.layers takes all outputs of a layer for floats, and would make floats of the indices. */
  override apply(...given: Parameters<tf.layers.Layer['apply']>): ReturnType<tf.layers.Layer['apply']> {
    const outputs = super.apply(...given);
    const indices = (outputs as tf.SymbolicTensor[])[1];
    if (indices instanceof tf.SymbolicTensor) Object.assign(indices, { dtype: 'int32' });
    return outputs;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor[] {
    const x = only(inputs) as tf.Tensor4D;
    const { pooled, indices } = maxPoolWithIndices(x, this.poolSize, this.poolSize, 'same');
    return [pooled, indices];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), poolSize: this.poolSize };
  }
}

/**
 * Puts values back where a max-pooling found them, between zeros: inputs are the values, the indices, and the tensor
 * that was pooled, for its size.
 *
 * Badrinarayanan et al. 2017 (SegNet), arXiv:1511.00561, section 3.
 */
export class MaxUnpooling2D extends tf.layers.Layer {
  static readonly className = 'MaxUnpooling2D';

  constructor({ name }: { readonly name?: string } = {}) {
    super(name === undefined ? {} : { name });
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [values, , before] = inputShape as [Shape4D, Shape4D, Shape4D];
    return [values[0], before[1], before[2], values[3]];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [values, indices, before] = inputs as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
    return maxUnpool(values, indices, [before.shape[1], before.shape[2]]);
  }
}
