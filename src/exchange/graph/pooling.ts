// Pools, and what undoes them.

import { type Call, paddingOf, reshape, type Translation } from './call.ts';
import { attribute, type Node } from './graph.ts';

/** Windows of images or volumes. */
function windows(call: Call): Node['attr'] {
  const { poolSize, strides } = call.config as { poolSize: number[]; strides: number[] };
  return {
    ksize: attribute.integers([1, ...poolSize, 1]),
    strides: attribute.integers([1, ...strides, 1]),
    padding: attribute.text(paddingOf(call)),
    data_format: attribute.text(poolSize.length === 3 ? 'NDHWC' : 'NHWC'),
    T: attribute.type('float32'),
  };
}

function pool(op: string): Translation {
  return (call) => call.graph.add(op, call.name, [call.inputs[0]!], windows(call));
}

export const maxPooling2d = pool('MaxPool');
export const averagePooling2d = pool('AvgPool');
export const maxPooling3d = pool('MaxPool3D');
export const averagePooling3d = pool('AvgPool3D');

/** Over all axes between batch and channels. */
function reduce(op: 'Mean' | 'Max'): Translation {
  return ({ graph, name, inputs, inputShapes }) => {
    const axes = inputShapes[0]!.slice(0, -1).map((_, i) => i + 1);
    const over = graph.integers(`${name}/axes`, axes);
    return graph.add(op, name, [inputs[0]!, over], { keep_dims: attribute.truth(false) });
  };
}

export const globalAveragePooling = reduce('Mean');
export const globalMaxPooling = reduce('Max');

/** The indices count through the whole batch. */
export const maxPoolingWithIndices2d: Translation = ({ graph, name, inputs, config }) => {
  const size = attribute.integers([1, config.poolSize as number, config.poolSize as number, 1]);
  const pooled = graph.add('MaxPoolWithArgmax', name, [inputs[0]!], {
    ksize: size,
    strides: size,
    padding: attribute.text('SAME'),
    include_batch_in_index: attribute.truth(true),
    T: attribute.type('float32'),
  });
  return [pooled, `${pooled}:1`];
};

export const maxUnpooling2d: Translation = (call) => {
  const { graph, name, inputs, outputShapes } = call;
  const [values, indices, before] = inputs as [string, string, string];
  const one = graph.integers(`${name}/one`, [1]);
  const size = graph.add('Reshape', `${name}/length`, [graph.add('Size', `${name}/size`, [before]), one]);
  const places = reshape(call, indices, [1], 'indices');
  const flat = reshape(call, values, [], 'values');
  const scattered = graph.add('ScatterNd', name, [places, flat, size]);
  return reshape(call, scattered, outputShapes[0]!, 'maps');
};

/** [1, 2, 1] / 4 along both axes, on the map reflected at its edges. */
export const blurPool2d: Translation = ({ graph, name, inputs, inputShapes }) => {
  const channels = inputShapes[0]![2]!;
  const sides = graph.integers(`${name}/pad/sides`, [0, 0, 1, 1, 1, 1, 0, 0], [4, 2]);
  const reflected = graph.add('MirrorPad', `${name}/pad`, [inputs[0]!, sides], {
    mode: attribute.text('REFLECT'),
  });
  const weights = [1, 2, 1, 2, 4, 2, 1, 2, 1].flatMap((weight) => Array<number>(channels).fill(weight / 16));
  const filter = graph.floats(`${name}/filter`, {
    shape: [3, 3, channels, 1],
    values: Float32Array.from(weights),
  });
  return graph.add('DepthwiseConv2dNative', name, [reflected, filter], {
    strides: attribute.integers([1, 2, 2, 1]),
    dilations: attribute.integers([1, 1, 1, 1]),
    padding: attribute.text('VALID'),
    data_format: attribute.text('NHWC'),
    T: attribute.type('float32'),
  });
};
