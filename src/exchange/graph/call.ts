// A use of a layer in a model, and what its translation adds to the graph.

import type * as tf from '@tensorflow/tfjs';
import { UsageError } from '../../errors.ts';
import type { Values } from '../tensors.ts';
import type { Graph, Ref } from './graph.ts';

export interface Call {
  readonly graph: Graph;
  readonly name: string;
  /** As tf.layers saves it. */
  readonly config: tf.serialization.ConfigDict;
  readonly inputs: readonly Ref[];
  /** Of the inputs and outputs, without the batch. */
  readonly inputShapes: readonly (readonly number[])[];
  readonly outputShapes: readonly (readonly number[])[];
  /** A weight by its kind, such as `kernel`; undefined where the layer has none. */
  weight(kind: string): Values | undefined;
}

/** Adds what a layer computes, and gives its outputs. */
export type Translation = (call: Call) => Ref | readonly Ref[];

/** The weight that a layer cannot do without. */
export function required({ weight, name }: Call, kind: string): Values {
  const found = weight(kind);
  if (found) return found;
  throw new UsageError(`The layer ${name} has no ${kind}.`);
}

/** Adds the bias of a layer that has one. */
export function withBias({ graph, name, weight }: Call, x: Ref): Ref {
  const bias = weight('bias');
  return bias ? graph.add('BiasAdd', `${name}/biasAdd`, [x, graph.floats(`${name}/bias`, bias)]) : x;
}

/** A reshape that keeps the batch; `shape` is without it. */
export function reshape({ graph, name }: Call, x: Ref, shape: readonly number[], what = 'reshape'): Ref {
  return graph.add('Reshape', `${name}/${what}`, [
    x,
    graph.integers(`${name}/${what}/shape`, [-1, ...shape]),
  ]);
}

/** A binary operation with a constant. */
export function withConstant(call: Call, op: 'Mul' | 'AddV2', x: Ref, what: string, value: Values): Ref {
  const { graph, name } = call;
  return graph.add(op, `${name}/${what}`, [x, graph.floats(`${name}/${what}/value`, value)]);
}

/** One number as `withConstant` takes it. */
export function scalar(value: number): Values {
  return { shape: [], values: Float32Array.of(value) };
}

/** Padding as TensorFlow calls it. */
export function paddingOf({ config, name }: Call): 'SAME' | 'VALID' {
  const { padding } = config;
  if (padding === 'same') return 'SAME';
  if (padding === 'valid') return 'VALID';
  throw new UsageError(`The layer ${name} has the padding ${padding}, which cannot be exported.`);
}
