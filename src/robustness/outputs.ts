// What nets of others give in the place of logits.

import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import type { Outputs } from './output-kinds.ts';

export { OUTPUTS, type Outputs } from './output-kinds.ts';

/** Near the smallest float32: its logarithm stands for that of 0. Added and not a maximum, which may lose a NaN. */
const TINY = 1.2e-38;

const logarithm = (probabilities: tf.Tensor) => probabilities.add(TINY).log();

/** Throws `UsageError` for one value after a softmax, and for several after a sigmoid: no probabilities of one class. */
export function requireOutputs(shape: readonly (number | null)[], kind: Outputs): void {
  const single = isSingle(shape);
  if (kind === 'logits' || single === (kind === 'sigmoid')) return;
  const expected = single
    ? 'a value for each of two classes or more'
    : 'one value, for the second of two classes';
  const advice = single
    ? 'One value comes after a sigmoid.'
    : 'Several labels for one image are not supported.';
  throw new UsageError(`Outputs after a ${kind}: expected ${expected}; received [${shape}]. ${advice}`);
}

/**
 * `[batch]` and `[batch, height, width]`, or with an axis of 1 behind that; not `[batch, labels, 2]`, which maps two wide are
 * taken for.
 */
function isSingle(shape: readonly (number | null)[]): boolean {
  const pairs = shape.length === 3 && shape.at(-1) === 2;
  return (shape.length % 2 === 1 && !pairs) || shape.at(-1) === 1;
}

/**
 * Logits `[batch, classes]` or `[batch, height, width, classes]` that give the same probabilities as `outputs`.
 *
 * One value a place is for the second of two classes: a logit z gives [0, z]. Softmax gives log p, whose gradients by
 * the logits before it are as good as those of the logits themselves. After a sigmoid, float32 rounds probabilities to
 * 1 from logits of 17 on, and no gradient is left there: `classifierOf` therefore looks before it. Throws as
 * `requireOutputs` does.
 */
export function asLogits(outputs: tf.Tensor, kind: Outputs): tf.Tensor {
  requireOutputs(outputs.shape, kind);
  return tf.tidy(() => {
    if (kind === 'softmax') return logarithm(outputs);
    if (!isSingle(outputs.shape)) return outputs.clone();
    const values = outputs.rank % 2 === 1 ? tf.expandDims(outputs, -1) : outputs;
    const z = kind === 'logits' ? values : logarithm(values).sub(logarithm(tf.sub(1, values)));
    return tf.concat([tf.zerosLike(z), z], -1);
  });
}

/** What tfjs keeps in layers that have an activation, and in the layer that is a softmax. */
interface Ending extends tf.layers.Layer {
  activation?: tf.serialization.Serializable | null;
  softmax?: (x: tf.Tensor, axis?: number) => tf.Tensor;
  readonly axis?: number | readonly number[];
  readonly layers?: readonly tf.layers.Layer[];
}

/** The layer that the first output comes from, within models that are layers too. */
export function lastLayerOf(model: tf.LayersModel): tf.layers.Layer {
  const layer = model.outputs[0]!.sourceLayer as Ending;
  return layer.layers ? lastLayerOf(layer as unknown as tf.LayersModel) : layer;
}

/** What a model gives in its first output, as far as its last layer tells: `logits` where that has no activation. */
export function outputsOf(model: tf.LayersModel): Outputs {
  const layer = lastLayerOf(model) as Ending;
  if (layer.getClassName() === 'Softmax') return 'softmax';
  const activation = layer.activation?.getClassName();
  return activation === 'softmax' || activation === 'sigmoid' ? activation : 'logits';
}

/** Runs `body` while the model ends before its last softmax or sigmoid, on the same weights. Only where `endsIn` holds. */
export function beforeActivation<T>(model: tf.LayersModel, body: () => T): T {
  const layer = lastLayerOf(model) as Ending;
  const { activation, softmax } = layer;
  if (activation) {
    const linear = tf.layers.activation({ activation: 'linear', name: 'linear' }) as unknown as Ending;
    layer.activation = linear.activation ?? null;
  }
  if (softmax) layer.softmax = (x) => x;
  try {
    return body();
  } finally {
    if (activation) layer.activation = activation;
    if (softmax) layer.softmax = softmax;
  }
}

/**
 * Whether the last layer, and nobody but it, applies what the outputs are said to have gone through: then the logits are
 * to be had before it.
 */
export function endsIn(model: tf.LayersModel, outputs: Outputs): boolean {
  if (outputs === 'logits' || outputsOf(model) !== outputs) return false;
  const { axis, softmax, inboundNodes } = lastLayerOf(model) as Ending;
  const last = model.outputs[0]!.rank - 1;
  const alongLast = [axis].flat().every((one) => one === last || one === -1);
  return inboundNodes.length === 1 && (!softmax || alongLast);
}
