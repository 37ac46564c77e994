// tensorflow.GraphDef, as TensorBoard draws it.

import { bytesField, integerField, messageField } from './protobuf.ts';

export interface GraphNode {
  /** Unique; what stands before a slash is a group that opens and closes. */
  readonly name: string;
  /** What it does, such as `Conv2D`. */
  readonly operation: string;
  /** Names of the nodes whose results it takes. */
  readonly inputs: readonly string[];
  /** Of its result; null for a size that is not fixed. */
  readonly shape: readonly (number | null)[];
  /** What else is shown of it. */
  readonly attributes: Readonly<Record<string, number | string>>;
}

/** −1, in the ten bytes of an int64. */
const unknownSize = Buffer.from([1 * 8, ...new Array<number>(9).fill(255), 1]);

function shapeFields(shape: GraphNode['shape']): Uint8Array[] {
  return shape.map((size) => messageField(2, [size === null ? unknownSize : integerField(1, size)]));
}

/** An entry of `map<string, AttrValue>`. */
const attribute = (name: string, value: Uint8Array) =>
  messageField(5, [bytesField(1, name), messageField(2, [value])]);

function encodeNode({ name, operation, inputs, shape, attributes }: GraphNode): Uint8Array {
  const shapes = messageField(1, [messageField(7, shapeFields(shape))]);
  return messageField(1, [
    bytesField(1, name),
    bytesField(2, operation),
    ...inputs.map((input) => bytesField(3, input)),
    attribute('_output_shapes', shapes),
    ...Object.entries(attributes).map(([key, value]) =>
      attribute(key, typeof value === 'number' ? integerField(3, value) : bytesField(2, value)),
    ),
  ]);
}

/** A graph whose nodes have one result each. */
export function encodeGraph(nodes: readonly GraphNode[]): Uint8Array {
  const producer = messageField(4, [integerField(1, 22)]);
  return Buffer.concat([...nodes.map(encodeNode), producer]);
}
