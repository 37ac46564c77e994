// What nets of others give in the place of logits.

import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';

/** What a net gives: scores before the softmax, the probabilities after it, or after a sigmoid that of the second class. */
export type Outputs = 'logits' | 'softmax' | 'sigmoid';

export const OUTPUTS: readonly Outputs[] = ['logits', 'softmax', 'sigmoid'];

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

/** `[batch]` and `[batch, height, width]`, or with an axis of 1 behind that. */
function isSingle(shape: readonly (number | null)[]): boolean {
  return shape.length % 2 === 1 || shape.at(-1) === 1;
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

interface Activated extends tf.layers.Layer {
  activation: tf.serialization.Serializable | null;
}

/** The layer that the first output comes from, if it has an activation. */
function lastOf(model: tf.LayersModel): Activated | undefined {
  const layer = model.outputs[0]?.sourceLayer as Activated;
  return layer.activation ? layer : undefined;
}

/** What a model gives in its first output, as far as its last layer tells: `logits` where that has no activation. */
export function outputsOf(model: tf.LayersModel): Outputs {
  if (model.outputs[0]?.sourceLayer.getClassName() === 'Softmax') return 'softmax';
  const activation = lastOf(model)?.activation?.getClassName();
  return activation === 'softmax' || activation === 'sigmoid' ? activation : 'logits';
}

/** Runs `body` while the model ends before its last activation. */
export function beforeActivation<T>(model: tf.LayersModel, body: () => T): T {
  const layer = lastOf(model);
  if (!layer) return body();
  const { activation } = layer;
  const linear = tf.layers.activation({ activation: 'linear' }) as unknown as Activated;
  layer.activation = linear.activation;
  try {
    return body();
  } finally {
    layer.activation = activation;
  }
}
