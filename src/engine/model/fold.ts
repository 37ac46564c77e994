import * as tf from '@tensorflow/tfjs';
import { addRelu } from '../ops/add-relu.ts';
import { keepFilter } from '../ops/kept-filters.ts';
import { unrecorded } from '../ops/kernels.ts';
import { weightUpdates } from '../ops/optimizer-steps.ts';
import type { Convolution, NormStep } from './plan.ts';

interface Folded {
  readonly filter: tf.Tensor4D;
  readonly bias: tf.Tensor1D;
  /** Of the weights that it was made of, and how often weights had been updated in place. */
  readonly ids: readonly object[];
  readonly updates: number;
}

function weightsOf(convolution: Convolution, { norm }: NormStep): tf.Tensor[] {
  const { kernel, bias } = convolution;
  const { gamma, beta, movingMean, movingVariance } = norm;
  const weights = [kernel, bias, gamma, beta, movingMean, movingVariance];
  return weights.flatMap((weight) => (weight ? [weight.read()] : []));
}

/**
 * (convolution(x) + bias − mean) · slope + beta is a convolution with its filter times slope = gamma / √(variance +
 * epsilon), and a bias. Jacob et al. 2018, arXiv:1712.05877, equation 14.
 */
function fold(convolution: Convolution, { norm }: NormStep): [tf.Tensor4D, tf.Tensor1D] {
  return tf.tidy(() => {
    const inverse = tf.rsqrt(tf.add(norm.movingVariance.read(), norm.epsilon));
    const slope = norm.gamma ? tf.mul(inverse, norm.gamma.read()) : inverse;
    const mean = norm.movingMean.read();
    const centred = convolution.bias ? tf.sub(convolution.bias.read(), mean) : tf.neg(mean);
    const offset = tf.mul(centred, slope);
    const bias = norm.beta ? tf.add(offset, norm.beta.read()) : offset;
    return [tf.mul(convolution.kernel.read(), slope) as tf.Tensor4D, bias as tf.Tensor1D];
  });
}

/** Of the filter. Not inside of a tidy, which would look for tensors among millions of numbers. */
function valuesOf(folded: [tf.Tensor4D, tf.Tensor1D]): Float32Array {
  const values = folded[0].dataSync() as Float32Array;
  tf.dispose(folded);
  return values;
}

/** Convolutions with the batch norm behind them in their filters. */
export class FoldedConvolutions {
  readonly #kept = new Map<Convolution, Folded>();

  /** The convolution of `inputs[0]`, normalised, plus `inputs[1]` if there is one, with relu if the step has one. */
  run(convolution: Convolution, step: NormStep, [x, residual]: readonly tf.Tensor[]): tf.Tensor {
    const { filter, bias } = this.#fresh(convolution, step);
    const y = tf.fused.conv2d({
      x: x as tf.Tensor4D,
      filter,
      bias,
      strides: convolution.strides,
      pad: convolution.padding,
      dataFormat: 'NHWC',
      dilations: convolution.dilationRate,
      activation: step.relu && !residual ? 'relu' : 'linear',
    });
    return residual ? addRelu(y, residual) : y;
  }

  #fresh(convolution: Convolution, step: NormStep): Folded {
    const kept = this.#kept.get(convolution);
    const ids = weightsOf(convolution, step).map(({ dataId }) => dataId);
    const updates = weightUpdates();
    if (kept && kept.updates === updates && ids.every((id, index) => id === kept.ids[index])) return kept;
    if (kept) tf.dispose([kept.filter, kept.bias]);
    const [filter, bias] = unrecorded(() => fold(convolution, step));
    // Of the weights as they then are: nothing moves them between a pass forward and its pass back.
    const again = () => unrecorded(() => valuesOf(fold(convolution, step)));
    const made = { filter: keepFilter(tf.keep(filter), again), bias: tf.keep(bias), ids, updates };
    this.#kept.set(convolution, made);
    return made;
  }

  dispose(): void {
    for (const { filter, bias } of this.#kept.values()) tf.dispose([filter, bias]);
    this.#kept.clear();
  }
}
