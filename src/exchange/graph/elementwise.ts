import { UsageError } from '../../errors.ts';
import type { Values } from '../tensors.ts';
import { type Call, scalar, type Translation, withConstant } from './call.ts';
import { attribute, type Ref } from './graph.ts';

/** A number, or one for each channel. */
function constant(value: unknown): Values {
  if (!Array.isArray(value)) return scalar(value as number);
  return { shape: [value.length], values: Float32Array.from(value as number[]) };
}

export const rescaling: Translation = (call) => {
  const { scale, offset } = call.config;
  const scaled = withConstant(call, 'Mul', call.inputs[0]!, 'scale', constant(scale));
  return offset === 0 ? scaled : withConstant(call, 'AddV2', scaled, 'offset', constant(offset));
};

/** At inference it gives on what it takes. */
export const dropout: Translation = ({ inputs }) => inputs[0]!;

const operations: Readonly<Record<string, string>> = {
  relu: 'Relu',
  relu6: 'Relu6',
  elu: 'Elu',
  sigmoid: 'Sigmoid',
  softplus: 'Softplus',
  tanh: 'Tanh',
};

export const activation: Translation = (call) => {
  const { graph, name, inputs, config } = call;
  const kind = config.activation as string;
  const x = inputs[0]!;
  if (kind === 'linear') return x;
  if (kind === 'swish') return graph.add('Mul', name, [x, graph.add('Sigmoid', `${name}/sigmoid`, [x])]);
  if (kind === 'gelu') return gelu(call, x);
  const operation = operations[kind];
  if (operation) return graph.add(operation, name, [x]);
  throw new UsageError(`The layer ${name} has the activation ${kind}, which cannot be exported.`);
};

function gelu(call: Call, x: Ref): Ref {
  const { graph, name } = call;
  const scaled = withConstant(call, 'Mul', x, 'scaled', scalar(Math.SQRT1_2));
  const share = withConstant(call, 'AddV2', graph.add('Erf', `${name}/erf`, [scaled]), 'share', scalar(1));
  return graph.add('Mul', name, [withConstant(call, 'Mul', x, 'half', scalar(0.5)), share]);
}

export const leakyRelu: Translation = ({ graph, name, inputs, config }) =>
  graph.add('LeakyRelu', name, [inputs[0]!], { alpha: attribute.float(config.alpha as number) });

function chain(op: 'AddV2' | 'Mul'): Translation {
  return ({ graph, name, inputs }) => inputs.reduce((all, x) => graph.add(op, name, [all, x]));
}

export const add = chain('AddV2');
export const multiply = chain('Mul');
