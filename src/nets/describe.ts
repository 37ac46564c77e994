import * as tf from '@tensorflow/tfjs';

export interface NetDescription {
  /** Numbers of weights. `total` holds the moving averages of batch normalisation, which `trainable` does not. */
  readonly parameters: { readonly total: number; readonly trainable: number };
  /** For one image, of convolutions and fully connected layers; nothing else is counted. */
  readonly multiplyAdds: number;
  /** Shapes without the batch, main output first. */
  readonly outputs: readonly (readonly number[])[];
  /** What comes out of each stage, in the order of computation. */
  readonly stages: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** The size of a net, read off its layers; nothing runs. */
export function describeNet(model: tf.LayersModel): NetDescription {
  return {
    parameters: { total: count(model.weights), trainable: count(model.trainableWeights) },
    multiplyAdds: model.layers.reduce((sum, layer) => sum + multiplyAdds(layer), 0),
    outputs: model.outputs.map((output) => withoutBatch(output.shape)),
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
