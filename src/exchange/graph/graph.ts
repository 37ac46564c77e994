// A graph of TensorFlow's operations, as tfjs' graph models hold it: nodes by name, and constants in a file of weights.

import type { Values } from '../tensors.ts';

/** What a node makes: `<node>`, or `<node>:<index>` beyond the first of its outputs. */
export type Ref = string;

/** An attribute in the JSON of TensorFlow's protocol buffers. */
type Attribute = Readonly<Record<string, unknown>>;

export interface Node {
  readonly name: string;
  readonly op: string;
  readonly input: readonly Ref[];
  readonly attr: Readonly<Record<string, Attribute>>;
}

export interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
  readonly values: Float32Array | Int32Array;
}

export const attribute = {
  /** Strings are bytes, which JSON holds in base64. */
  text: (value: string): Attribute => ({ s: Buffer.from(value).toString('base64') }),
  float: (value: number): Attribute => ({ f: value }),
  integer: (value: number): Attribute => ({ i: String(value) }),
  truth: (value: boolean): Attribute => ({ b: value }),
  integers: (values: readonly number[]): Attribute => ({ list: { i: values.map(String) } }),
  shape: (shape: readonly number[]): Attribute => ({ shape: shapeOf(shape) }),
  type: (dtype: Constant['dtype']): Attribute => ({ type: dtype === 'float32' ? 'DT_FLOAT' : 'DT_INT32' }),
};

/** −1: of any length. */
export function shapeOf(shape: readonly number[]): { dim: { size: string }[] } {
  return { dim: shape.map((length) => ({ size: String(length) })) };
}

/** The operations that follow each other, in the order in which they were added. */
export class Graph {
  readonly nodes: Node[] = [];
  readonly constants: Constant[] = [];
  readonly #names = new Set<string>();

  /** Adds an operation; a name that is taken gets a number behind it. */
  add(op: string, name: string, input: readonly Ref[], attr: Node['attr'] = {}): Ref {
    const free = this.#free(name);
    this.nodes.push({ name: free, op, input, attr });
    return free;
  }

  floats(name: string, { shape, values }: Values): Ref {
    return this.#constant({ name, shape, dtype: 'float32', values });
  }

  integers(name: string, values: readonly number[], shape: readonly number[] = [values.length]): Ref {
    return this.#constant({ name, shape, dtype: 'int32', values: Int32Array.from(values) });
  }

  #constant(constant: Constant): Ref {
    const { dtype, shape } = constant;
    const type = attribute.type(dtype);
    const value = { tensor: { dtype: type.type, tensorShape: shapeOf(shape) } };
    const name = this.add('Const', constant.name, [], { dtype: type, value });
    this.constants.push({ ...constant, name });
    return name;
  }

  #free(name: string): string {
    let free = name;
    for (let i = 2; this.#names.has(free); i++) free = `${name}_${i}`;
    this.#names.add(free);
    return free;
  }
}
