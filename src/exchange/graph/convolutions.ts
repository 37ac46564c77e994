// Convolutions, and fully connected layers.

import { UsageError } from '../../errors.ts';
import type { Values } from '../tensors.ts';
import { type Call, paddingOf, required, reshape, type Translation, withBias } from './call.ts';
import { attribute, type Node, type Ref } from './graph.ts';

type Attributes = Node['attr'];

/** Strides, dilations and padding of images or volumes. */
function windows(call: Call): Attributes {
  const { strides, dilationRate } = call.config as { strides: number[]; dilationRate?: number[] };
  const dilations = dilationRate?.length === strides.length ? dilationRate : strides.map(() => 1);
  return {
    strides: attribute.integers([1, ...strides, 1]),
    dilations: attribute.integers([1, ...dilations, 1]),
    padding: attribute.text(paddingOf(call)),
    data_format: attribute.text(strides.length === 3 ? 'NDHWC' : 'NHWC'),
    T: attribute.type('float32'),
  };
}

function convolve(op: string, kind: string): Translation {
  return (call) => {
    const { graph, name, inputs } = call;
    const filter = graph.floats(`${name}/${kind}`, required(call, kind));
    return withBias(call, graph.add(op, name, [inputs[0]!, filter], windows(call)));
  };
}

export const conv2d = convolve('Conv2D', 'kernel');
export const depthwiseConv2d = convolve('DepthwiseConv2dNative', 'depthwise_kernel');
export const conv3d = convolve('Conv3D', 'kernel');

/** TensorFlow.js has no groups: each is a convolution of its own. */
export const groupedConv2d: Translation = (call) => {
  const { graph, name, inputs, config } = call;
  const groups = config.groups as number;
  const axis = graph.integers(`${name}/axis`, [3], []);
  const parts = graph.add('Split', `${name}/split`, [axis, inputs[0]!], {
    num_split: attribute.integer(groups),
  });
  const filters = splitLast(required(call, 'kernel'), groups);
  const made = filters.map((filter, g) => {
    const kernel = graph.floats(`${name}/kernel${g + 1}`, filter);
    return graph.add('Conv2D', `${name}/group${g + 1}`, [`${parts}:${g}`, kernel], windows(call));
  });
  const joined = graph.add('ConcatV2', name, [...made, axis], { N: attribute.integer(groups) });
  return withBias(call, joined);
};

/** Equal parts along the last axis. */
function splitLast({ shape, values }: Values, count: number): Values[] {
  const width = shape.at(-1)!;
  const part = width / count;
  return Array.from({ length: count }, (_, g) => ({
    shape: [...shape.slice(0, -1), part],
    values: values.filter((_, i) => Math.floor((i % width) / part) === g),
  }));
}

export const conv2dTranspose: Translation = (call) => {
  const { graph, name, inputs, outputShapes } = call;
  const shape = graph.add('Shape', `${name}/inputShape`, [inputs[0]!]);
  const first = [graph.integers(`${name}/first`, [0]), graph.integers(`${name}/one`, [1])];
  const batch = graph.add('Slice', `${name}/batch`, [shape, ...first]);
  const rest = graph.integers(`${name}/outputShape/rest`, outputShapes[0]!);
  const axis = graph.integers(`${name}/outputShape/axis`, [0], []);
  const size = graph.add('ConcatV2', `${name}/outputShape`, [batch, rest, axis], { N: attribute.integer(2) });
  const filter = graph.floats(`${name}/kernel`, required(call, 'kernel'));
  return withBias(call, graph.add('Conv2DBackpropInput', name, [size, filter, inputs[0]!], windows(call)));
};

/**
 * TensorFlow.js has no transposed convolution of volumes among the operations of graphs. Where windows do not overlap, it
 * is a product, whose columns are put side by side along width and height, then along depth.
 */
export const conv3dTranspose: Translation = (call) => {
  const { graph, name, inputs, config, inputShapes, outputShapes } = call;
  const kernel = required(call, 'kernel');
  const [depth, height, width, filters, channels] = kernel.shape as [number, number, number, number, number];
  if (String(config.strides) !== String([depth, height, width])) {
    throw new UsageError(
      `The layer ${name}: a transposed convolution of volumes can be exported where its strides are the size of its kernel.`,
    );
  }
  const [, h, w] = inputShapes[0] as [number, number, number, number];
  const columns = depth * height * width * filters;
  const matrix = graph.floats(`${name}/kernel`, { shape: [columns, channels], values: kernel.values });
  const pixels = reshape(call, inputs[0]!, [channels], 'pixels');
  const product = graph.add('MatMul', name, [pixels, matrix], {
    transpose_a: attribute.truth(false),
    transpose_b: attribute.truth(true),
  });
  const swap = (x: Ref, shape: readonly number[], what: string) => {
    const axes = graph.integers(`${name}/${what}/axes`, [0, 2, 1, 3]);
    return graph.add('Transpose', `${name}/${what}`, [reshape(call, x, shape, `${what}/from`), axes]);
  };
  const planes = swap(product, [h * w, depth, height * width * filters], 'depth');
  const rows = swap(planes, [w, height, width * filters], 'height');
  return withBias(call, reshape(call, rows, outputShapes[0]!, 'volume'));
};

export const dense: Translation = (call) => {
  const { graph, name, inputs, inputShapes, outputShapes } = call;
  const kernel = graph.floats(`${name}/kernel`, required(call, 'kernel'));
  // Of several rows of features for each image, the product is one of all rows.
  const several = inputShapes[0]!.length > 1;
  const rows = several ? reshape(call, inputs[0]!, [inputShapes[0]!.at(-1)!], 'rows') : inputs[0]!;
  const attributes = { transpose_a: attribute.truth(false), transpose_b: attribute.truth(false) };
  const made = withBias(call, graph.add('MatMul', name, [rows, kernel], attributes));
  return several ? reshape(call, made, outputShapes[0]!) : made;
};
