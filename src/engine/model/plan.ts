// The layers of a model in the order in which they run, those that run as one joined.

import type * as tf from '@tensorflow/tfjs';
import type { BatchNormalization } from '../gradients/batch-norm-layer.ts';

type Symbolic = tf.SymbolicTensor;
type Weight = ReturnType<tf.layers.Layer['addWeight']>;

/** What tfjs keeps in a convolution. */
export interface Convolution extends tf.layers.Layer {
  readonly kernel: Weight;
  readonly bias?: Weight | null;
  readonly strides: [number, number];
  readonly padding: 'same' | 'valid';
  readonly dilationRate: [number, number];
  readonly dataFormat: string;
  readonly activation: tf.serialization.Serializable | null;
}

/** One layer, as it stands. */
interface LayerStep {
  readonly kind: 'layer';
  readonly layer: tf.layers.Layer;
}

/** Batch normalisation, then a residual and relu where there are any; before it, a convolution. */
export interface NormStep {
  readonly kind: 'norm';
  /** Of which the norm is the only reader. */
  readonly convolution?: Convolution | undefined;
  readonly norm: BatchNormalization;
  /** Whether the second input is added to what is normalised. */
  readonly residual: boolean;
  readonly relu: boolean;
}

export type Step = (LayerStep | NormStep) & {
  /** Ids of symbolic tensors. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
};

export interface Plan {
  readonly input: number;
  readonly steps: readonly Step[];
  readonly outputs: readonly number[];
  /** The steps from the last layers that multiply on: those that make the logits. */
  readonly endings: ReadonlySet<Step>;
}

/** A use of a layer. */
export interface Node {
  readonly layer: tf.layers.Layer;
  readonly inputs: readonly Symbolic[];
  readonly outputs: readonly Symbolic[];
}

function nodeOf({ sourceLayer: layer, nodeIndex }: Symbolic): Node {
  const { inputTensors, outputTensors } = layer.inboundNodes[nodeIndex]!;
  return { layer, inputs: inputTensors, outputs: outputTensors };
}

/** All that the outputs depend on, each after its inputs; in the order of the model where that leaves a choice. */
export function nodesOf(outputs: readonly Symbolic[]): Node[] {
  const nodes: Node[] = [];
  const seen = new Set<number>();
  const visit = (tensor: Symbolic): void => {
    if (seen.has(tensor.id)) return;
    const node = nodeOf(tensor);
    for (const { id } of node.outputs) seen.add(id);
    if (node.layer.getClassName() === 'InputLayer') return;
    node.inputs.forEach(visit);
    nodes.push(node);
  };
  outputs.forEach(visit);
  return nodes;
}

const isRelu = ({ layer }: Node) =>
  layer.getClassName() === 'Activation' &&
  (layer as unknown as Convolution).activation?.getClassName() === 'relu';

function isNorm({ layer, inputs }: Node): boolean {
  if (layer.getClassName() !== 'BatchNormalization') return false;
  const { axis } = layer as BatchNormalization;
  return axis === -1 || axis === inputs[0]!.rank - 1;
}

function isConvolution({ layer }: Node): boolean {
  if (layer.getClassName() !== 'Conv2D') return false;
  const { activation, dataFormat } = layer as Convolution;
  return dataFormat === 'channelsLast' && (!activation || activation.getClassName() === 'linear');
}

/** Who makes each tensor and who reads it, of the tensors that have one reader and are not given out. */
class Links {
  readonly #makers = new Map<number, Node>();
  readonly #readers = new Map<number, Node[]>();

  constructor(nodes: readonly Node[], outputs: readonly Symbolic[]) {
    for (const node of nodes) {
      for (const { id } of node.outputs) this.#makers.set(id, node);
      for (const { id } of node.inputs) this.#readers.set(id, [...(this.#readers.get(id) ?? []), node]);
    }
    for (const { id } of outputs) this.#readers.delete(id);
  }

  /** The one reader of what the node makes, which makes one tensor itself. */
  next(node: Node | undefined): Node | undefined {
    const readers = node?.outputs.length === 1 ? this.#readers.get(node.outputs[0]!.id) : undefined;
    return readers?.length === 1 ? readers[0] : undefined;
  }

  /** The maker of the tensor, if the node is its only reader. */
  before(node: Node, input: Symbolic): Node | undefined {
    const maker = this.#makers.get(input.id);
    return this.next(maker) === node ? maker : undefined;
  }
}

interface Joined {
  readonly step: Step;
  readonly nodes: readonly Node[];
}

function join(norm: Node, links: Links): Joined {
  const before = links.before(norm, norm.inputs[0]!);
  const convolution = before && isConvolution(before) ? before : undefined;
  const next = links.next(norm);
  const sum = next && isSum(next) ? next : undefined;
  const last = sum ? links.next(sum) : next;
  const relu = last && isRelu(last) ? last : undefined;
  const residual = sum && relu && isLatest(norm, sum, links) ? sum : undefined;
  const ending = sum && !residual ? [] : [residual, relu];
  const nodes = [convolution, norm, ...ending].filter((node) => node !== undefined);
  const others = residual?.inputs.filter(({ id }) => id !== norm.outputs[0]!.id) ?? [];
  const step: Step = {
    kind: 'norm',
    convolution: convolution?.layer as Convolution | undefined,
    norm: norm.layer as BatchNormalization,
    residual: residual !== undefined,
    relu: nodes.at(-1) === relu && relu !== undefined,
    inputs: [nodes[0]!.inputs[0]!, ...others].map(({ id }) => id),
    outputs: nodes.at(-1)!.outputs.map(({ id }) => id),
  };
  return { step, nodes };
}

/** Whether the node adds two tensors of one shape. */
function isSum({ layer, inputs }: Node): boolean {
  const [a, b] = inputs;
  return (
    layer.getClassName() === 'Add' && inputs.length === 2 && a !== b && String(a!.shape) === String(b!.shape)
  );
}

/** Of two norms whose sum is taken, the second takes the first as its residual. */
function isLatest(norm: Node, sum: Node, links: Links): boolean {
  const norms = sum.inputs.map((input) => links.before(sum, input)).filter((node) => node && isNorm(node));
  return norms.at(-1) === norm;
}

const multiplies = (step: Step) =>
  step.kind === 'norm' ? step.convolution !== undefined : 'kernel' in step.layer;

function endingsOf(steps: readonly Step[], outputs: readonly number[]): Set<Step> {
  const [needed, endings] = [new Set(outputs), new Set<Step>()];
  for (const step of steps.toReversed()) {
    if (!step.outputs.some((id) => needed.has(id))) continue;
    endings.add(step);
    if (!multiplies(step)) for (const id of step.inputs) needed.add(id);
  }
  return endings;
}

/** How `outputs` of a model with one input are computed. */
export function planOf(input: Symbolic, outputs: readonly Symbolic[]): Plan {
  const nodes = nodesOf(outputs);
  const links = new Links(nodes, outputs);
  const joined = new Map<Node, Joined>();
  for (const node of nodes) {
    if (!isNorm(node)) continue;
    const one = join(node, links);
    for (const part of one.nodes) joined.set(part, one);
  }
  const steps = nodes.flatMap((node): Step[] => {
    const one = joined.get(node);
    // Where the last of them stands, all that they need is there.
    if (one) return one.nodes.at(-1) === node ? [one.step] : [];
    const [inputs, made] = [node.inputs.map(({ id }) => id), node.outputs.map(({ id }) => id)];
    return [{ kind: 'layer', layer: node.layer, inputs, outputs: made }];
  });
  const ids = outputs.map(({ id }) => id);
  return { input: input.id, steps, outputs: ids, endings: endingsOf(steps, ids) };
}
