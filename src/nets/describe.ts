import * as tf from '@tensorflow/tfjs';
import type { Options } from '../options.ts';
import { createRandom, type Random } from '../random.ts';
import { buildNet, type NetChoice, resolveNet } from './create.ts';
import type { NetShape } from './net.ts';

export interface NetDescription {
  /** Numbers of weights. `total` holds the moving averages of batch normalisation, which `trainable` does not. */
  readonly parameters: { readonly total: number; readonly trainable: number };
  /** For one image, of convolutions and fully connected layers; nothing else is counted. */
  readonly multiplyAdds: number;
  /** Shapes without the batch, main output first. */
  readonly outputs: readonly (readonly number[])[];
  /** What comes out of each layer. */
  readonly layers: readonly Named[];
  /** What comes out of each stage, in the order of computation. */
  readonly stages: readonly Named[];
}

interface Named {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface ChoiceDescription extends NetDescription {
  readonly name: string;
  readonly task: NetShape['task'];
  /** The paper. */
  readonly source?: string;
  /** All, with those of a preset and the defaults. */
  readonly options: Options;
  /** Weights of the losses of the outputs after the first. */
  readonly auxiliaryWeights: readonly number[];
}

/** Gives zeros, which takes no time. */
const zeros: Random = {
  ...createRandom(0),
  stream: () => zeros,
  uniforms: (length) => new Float32Array(length),
  normals: (length) => new Float32Array(length),
};

/**
 * The size of a net for images `[height, width, channels]`, or volumes `[depth, height, width, channels]`, and any
 * number of classes, 1 among them. The net is built, from zeros, and disposed of.
 *
 * Throws `UsageError` for a choice or an input that cannot be.
 */
export function describeChoice(
  choice: NetChoice,
  input: readonly number[],
  classes: number,
): ChoiceDescription {
  const { name, definition, options } = resolveNet(choice);
  const { task, source } = definition;
  const { model, auxiliaryWeights } = buildNet(choice, shapeFor(task, input, classes), zeros);
  try {
    return { name, task, ...(source && { source }), options, auxiliaryWeights, ...describeNet(model) };
  } finally {
    model.dispose();
  }
}

/** The shape that `input`, as `describeChoice` takes it, and `classes` are. */
export function shapeFor(task: NetShape['task'], input: readonly number[], classes: number): NetShape {
  const imageShape = input.slice(-3) as unknown as NetShape['imageShape'];
  const volume = input.length === 4 ? { depth: input[0] as number } : {};
  return { task, imageShape, classes, ...volume };
}

/** The size of a net, read off its layers; nothing runs. */
export function describeNet(model: tf.LayersModel): NetDescription {
  return {
    parameters: { total: count(model.weights), trainable: count(model.trainableWeights) },
    multiplyAdds: model.layers.reduce((sum, layer) => sum + multiplyAdds(layer), 0),
    outputs: model.outputs.map((output) => withoutBatch(output.shape)),
    layers: model.layers.map((layer) => ({ name: layer.name, shape: shapeOf(layer.getOutputAt(0)) })),
    stages: stages(model),
  };
}

type Weights = tf.LayersModel['weights'];

function count(weights: Weights): number {
  return weights.reduce((sum, weight) => sum + size(weight.shape), 0);
}

function size(shape: readonly (number | null)[]): number {
  return tf.util.sizeFromShape(shape as number[]);
}

function withoutBatch(shape: tf.Shape): number[] {
  return shape.slice(1) as number[];
}

/** What enters or leaves a layer where it is first used: the first tensor, which is the only one of layers with kernels. */
function shapeOf(tensor: tf.SymbolicTensor | tf.SymbolicTensor[]): number[] {
  return withoutBatch((Array.isArray(tensor) ? (tensor[0] as tf.SymbolicTensor) : tensor).shape);
}

/** A kernel, the only weight of more than one dimension, is applied once at each position, each time the layer is used. */
function multiplyAdds(layer: tf.layers.Layer): number {
  const kernels = layer.weights.filter((weight) => weight.shape.length > 1);
  const scatters = layer.getClassName().endsWith('Transpose');
  const positions = shapeOf(scatters ? layer.getInputAt(0) : layer.getOutputAt(0)).slice(0, -1);
  return count(kernels) * size(positions) * layer.inboundNodes.length;
}

function stages(model: tf.LayersModel): NetDescription['stages'] {
  const shapes = new Map<string, number[]>();
  for (const layer of model.layers) {
    const stage = layer.name.split('.')[0] as string;
    // Moves a stage that comes up again to the end: it is finished later than those between.
    shapes.delete(stage);
    shapes.set(stage, shapeOf(layer.getOutputAt(0)));
  }
  return Array.from(shapes, ([name, shape]) => ({ name, shape }));
}
