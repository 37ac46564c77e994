// A model as TensorBoard's graph page draws it.

import type * as tf from '@tensorflow/tfjs';
import { type Node, nodesOf } from '../engine/model/plan.ts';
import type { GraphNode } from '../summary/graph.ts';

/** Dots in the names of layers stand for stages: TensorBoard opens and closes what stands before a slash. */
const grouped = (name: string) => name.replaceAll('.', '/');

function operationNode({ layer, inputs, outputs }: Node, name: string, nameOf: Namer): GraphNode {
  return {
    name,
    operation: layer.getClassName(),
    inputs: inputs.map(nameOf),
    shape: outputs[0]?.shape ?? [],
    attributes: { parameters: layer.countParams() },
  };
}

type Namer = (tensor: tf.SymbolicTensor) => string;

/** All layers that the outputs depend on, in an order in which they may run; a layer that is used twice is two nodes. */
export function modelGraph(model: tf.LayersModel): GraphNode[] {
  const names = new Map<number, string>();
  const uses = new Map<string, number>();
  const nameNew = (layer: tf.layers.Layer) => {
    const name = grouped(layer.name);
    const use = uses.get(name) ?? 0;
    uses.set(name, use + 1);
    return use === 0 ? name : `${name}_${use}`;
  };
  const inputs = model.inputs.map((tensor): GraphNode => {
    const name = nameNew(tensor.sourceLayer);
    names.set(tensor.id, name);
    return { name, operation: 'InputLayer', inputs: [], shape: tensor.shape, attributes: {} };
  });
  const layers = nodesOf(model.outputs).map((node) => {
    const name = nameNew(node.layer);
    for (const { id } of node.outputs) names.set(id, name);
    return operationNode(node, name, ({ id }) => names.get(id) as string);
  });
  return [...inputs, ...layers];
}
