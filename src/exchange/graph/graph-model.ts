import type * as tf from '@tensorflow/tfjs';
import { type Node as LayerNode, nodesOf } from '../../engine/model/plan.ts';
import { UsageError } from '../../errors.ts';
import type { Values } from '../tensors.ts';
import type { Call } from './call.ts';
import { attribute, Graph, type Ref, shapeOf } from './graph.ts';
import { translations } from './translations.ts';

export interface GraphModelFiles {
  readonly 'model.json': string;
  readonly 'weights.bin': Uint8Array;
}

/**
 * A net as a graph model, which `tf.loadGraphModel` of plain tfjs loads, in a browser too: TensorFlow's operations in the
 * place of layers, inference only, and nothing of ours.
 *
 * It takes `images` `[batch, …]` in [0, 1], a batch of any length, and gives the first output of `model`, `logits`;
 * auxiliary heads are for training, and left out. Throws `UsageError` for a layer that has no translation.
 */
export function formatGraphModel(model: tf.LayersModel): GraphModelFiles {
  const graph = new Graph();
  const [input, output] = [model.inputs[0]!, model.outputs[0]!];
  const imageShape = [-1, ...withoutBatch(input.shape)];
  const refs = new Map<number, Ref>();
  refs.set(
    input.id,
    graph.add('Placeholder', 'images', [], {
      dtype: attribute.type('float32'),
      shape: attribute.shape(imageShape),
    }),
  );
  for (const node of nodesOf([output])) {
    const made = translate(node, graph, refs);
    for (const [i, { id }] of node.outputs.entries()) refs.set(id, made[i]!);
  }
  const logits = graph.add('Identity', 'logits', [refs.get(output.id)!]);
  const describe = (name: string, shape: readonly number[]) => ({
    name: `${name}:0`,
    dtype: 'DT_FLOAT',
    tensorShape: shapeOf(shape),
  });
  const signature = {
    inputs: { images: describe('images', imageShape) },
    outputs: { logits: describe(logits, [-1, ...withoutBatch(output.shape)]) },
  };
  const weights = graph.constants.map(({ name, shape, dtype }) => ({ name, shape, dtype }));
  const json = {
    format: 'graph-model',
    generatedBy: 'medrobust',
    convertedBy: null,
    signature,
    modelTopology: { node: graph.nodes, library: {}, versions: { producer: 1395 } },
    weightsManifest: [{ paths: ['weights.bin'], weights }],
  };
  const bytes = graph.constants.map(({ values }) =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength),
  );
  return { 'model.json': JSON.stringify(json), 'weights.bin': Buffer.concat(bytes) };
}

function withoutBatch(shape: tf.Shape): number[] {
  return shape.slice(1) as number[];
}

function translate(
  { layer, inputs, outputs }: LayerNode,
  graph: Graph,
  refs: Map<number, Ref>,
): readonly Ref[] {
  const translation = translations[layer.getClassName()];
  if (!translation) {
    throw new UsageError(
      `The layer ${layer.name} is a ${layer.getClassName()}, which has no translation to TensorFlow's operations.`,
    );
  }
  const call: Call = {
    graph,
    name: layer.name,
    config: layer.getConfig(),
    inputs: inputs.map(({ id }) => refs.get(id)!),
    inputShapes: inputs.map(({ shape }) => withoutBatch(shape)),
    outputShapes: outputs.map(({ shape }) => withoutBatch(shape)),
    weight: (kind) => weightOf(layer, kind),
  };
  requirePlain(call, layer.getClassName());
  return [translation(call)].flat();
}

function weightOf(layer: tf.layers.Layer, kind: string): Values | undefined {
  const weight = layer.weights.find(({ originalName }) => originalName.endsWith(`/${kind}`));
  if (!weight) return undefined;
  return { shape: weight.shape as number[], values: weight.read().dataSync<'float32'>() };
}

/** What nets never have, and others may: activations within a layer, and channels that are not the last axis. */
function requirePlain({ name, config, inputShapes }: Call, className: string): void {
  const { activation, axis } = config;
  if ('useBias' in config && activation !== 'linear' && activation != null) {
    throw new UsageError(
      `The layer ${name} has the activation ${activation} within: make it a layer of its own.`,
    );
  }
  // Our padding of channels says so of maps whose channels are the last.
  const first = config.dataFormat === 'channelsFirst' && className !== 'ZeroPadding2D';
  const other = className === 'BatchNormalization' && axis !== -1 && axis !== inputShapes[0]!.length;
  if (first || other)
    throw new UsageError(`The layer ${name} has its channels first, and cannot be exported.`);
}
