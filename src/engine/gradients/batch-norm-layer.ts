// Batch normalisation of tf.layers, corrected where it stands: a model that uses it stays a standard tf.layers
// model, saved and loaded as such, by plain tfjs too.

import * as tf from '@tensorflow/tfjs';
import { type BatchNormEnding, batchNormInference, batchNormTrain } from '../ops/batch-norm.ts';
import { unrecorded } from '../ops/kernels.ts';

type LayerWeight = ReturnType<tf.layers.Layer['addWeight']>;

/** What tfjs keeps in the layer; `gamma` and `beta` are absent with `scale: false` and `center: false`. */
export interface BatchNormalization extends tf.layers.Layer {
  readonly axis: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly gamma?: LayerWeight;
  readonly beta?: LayerWeight;
  readonly movingMean: LayerWeight;
  readonly movingVariance: LayerWeight;
}

type Call = (
  this: BatchNormalization,
  inputs: tf.Tensor | tf.Tensor[],
  settings: { training?: boolean },
) => tf.Tensor;

const frozen = new WeakSet<tf.layers.Layer>();

/**
 * Makes a batch normalisation use its moving statistics in training too, and leave them alone; gamma and beta go on
 * being trained. (`trainable: false` freezes all of them, as in Keras.) Of this layer object: it is not saved.
 */
export function freezeStatistics(layer: BatchNormalization): void {
  frozen.add(layer);
}

/** Whether the layer, in training, normalises with the statistics of the batch. */
export function takesBatchStatistics(layer: BatchNormalization): boolean {
  return layer.trainable && !frozen.has(layer);
}

const corrected = Symbol.for('medrobust.batchNormalization');

/**
 * Corrects `tf.layers.batchNormalization` for all models, old and new, once.
 *
 * It trains without `scale` or `center`, takes inputs of any rank from 2 to 5, and with `trainable: false`
 * normalises with its moving statistics and leaves them alone, in training too, as in Keras. The moving
 * variance takes the biased variance of the batch, as in Keras. An `axis` other than the last is transposed
 * there and back.
 */
export function correctBatchNormalizationLayer(): void {
  // The class is not exported; a name keeps the layer from using up a default name.
  const prototype = Object.getPrototypeOf(tf.layers.batchNormalization({ name: 'prototype' }));
  if (Object.hasOwn(prototype, corrected)) return;
  const call: Call = function (inputs, { training }) {
    const x = Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs;
    const trains = training === true && takesBatchStatistics(this);
    const normalise = (values: tf.Tensor) =>
      trains ? normaliseInTraining(this, values) : normaliseInInference(this, values);
    return tf.tidy(() => alongLastAxis(x, this.axis, normalise));
  };
  Object.assign(prototype, { call, [corrected]: true });
}

/** Runs `body` with `axis` as the last one. */
function alongLastAxis(x: tf.Tensor, axis: number, body: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
  const channels = axis < 0 ? axis + x.rank : axis;
  if (channels === x.rank - 1) return body(x);
  const axes = x.shape.map((_, i) => i);
  const there = [...axes.filter((i) => i !== channels), channels];
  const back = axes.map((i) => there.indexOf(i));
  return tf.transpose(body(tf.transpose(x, there)), back);
}

function gammaAndBeta(layer: BatchNormalization): [tf.Tensor, tf.Tensor] {
  const { shape } = layer.movingMean;
  const gamma = layer.gamma ? layer.gamma.read() : tf.ones(shape as number[]);
  const beta = layer.beta ? layer.beta.read() : tf.zeros(shape as number[]);
  return [gamma, beta];
}

function normaliseInInference(layer: BatchNormalization, x: tf.Tensor): tf.Tensor {
  const statistics = { mean: layer.movingMean.read(), variance: layer.movingVariance.read() };
  const [gamma, beta] = gammaAndBeta(layer);
  return batchNormInference(x, statistics, gamma, beta, layer.epsilon);
}

/** With the statistics of the batch along the last axis, towards which the moving ones are moved. */
export function normaliseInTraining(
  layer: BatchNormalization,
  x: tf.Tensor,
  ending: BatchNormEnding = {},
): tf.Tensor {
  const [gamma, beta] = gammaAndBeta(layer);
  const { normalised, mean, variance } = batchNormTrain(x, gamma, beta, layer.epsilon, ending);
  unrecorded(() => {
    moveTowards(layer.movingMean, mean, layer.momentum);
    moveTowards(layer.movingVariance, variance, layer.momentum);
  });
  return normalised;
}

function moveTowards(average: LayerWeight, value: tf.Tensor, momentum: number): void {
  const before = average.read();
  average.write(tf.sub(before, tf.mul(tf.sub(before, value), 1 - momentum)));
}
