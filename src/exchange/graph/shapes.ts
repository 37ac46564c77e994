// What moves values about.

import { UsageError } from '../../errors.ts';
import { type Call, reshape as reshapeTo, type Translation } from './call.ts';
import { attribute } from './graph.ts';

export const reshape: Translation = (call) => reshapeTo(call, call.inputs[0]!, call.outputShapes[0]!);

export const permute: Translation = ({ graph, name, inputs, config }) => {
  const axes = graph.integers(`${name}/axes`, [0, ...(config.dims as number[])]);
  return graph.add('Transpose', name, [inputs[0]!, axes]);
};

export const concatenate: Translation = ({ graph, name, inputs, inputShapes }) => {
  const axis = graph.integers(`${name}/axis`, [inputShapes[0]!.length], []);
  return graph.add('ConcatV2', name, [...inputs, axis], { N: attribute.integer(inputs.length) });
};

type Sides = [[number, number], [number, number]];

export const zeroPadding2d: Translation = ({ graph, name, inputs, config }) => {
  const around = config.padding as Sides;
  const none = [0, 0];
  const channelsFirst = config.dataFormat === 'channelsFirst';
  const sides = channelsFirst ? [none, none, ...around] : [none, ...around, none];
  return graph.add('Pad', name, [inputs[0]!, graph.integers(`${name}/sides`, sides.flat(), [4, 2])]);
};

export const cropping2d: Translation = ({ graph, name, inputs, config, outputShapes }) => {
  const [[top], [left]] = config.cropping as Sides;
  const begin = graph.integers(`${name}/begin`, [0, top, left, 0]);
  const size = graph.integers(`${name}/size`, [-1, ...outputShapes[0]!]);
  return graph.add('Slice', name, [inputs[0]!, begin, size]);
};

function resize(call: Call, op: string, alignCorners: boolean, halfPixelCenters: boolean): string {
  const { graph, name, inputs, outputShapes } = call;
  const size = graph.integers(`${name}/size`, outputShapes[0]!.slice(0, 2));
  return graph.add(op, name, [inputs[0]!, size], {
    align_corners: attribute.truth(alignCorners),
    half_pixel_centers: attribute.truth(halfPixelCenters),
    T: attribute.type('float32'),
  });
}

export const upSampling2d: Translation = (call) => {
  if (call.config.interpolation === 'nearest') return resize(call, 'ResizeNearestNeighbor', false, false);
  throw new UsageError(`The layer ${call.name}: only 'nearest' up-sampling can be exported.`);
};

export const bilinearUpSampling2d: Translation = (call) => {
  const alignCorners = call.config.alignCorners === true;
  return resize(call, 'ResizeBilinear', alignCorners, !alignCorners);
};
