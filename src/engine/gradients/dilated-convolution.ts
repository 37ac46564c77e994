// Gradients of convolutions with dilation, which tfjs refuses. Stride is then 1: tfjs allows only one of the two.

import * as tf from '@tensorflow/tfjs';

type Padding = Parameters<typeof tf.conv2d>[3];
type Pair = [number, number];

/** The attributes that tfjs records with a convolution. */
export interface ConvolutionAttributes {
  readonly strides: Pair | number;
  readonly pad: Padding;
  readonly dataFormat?: string;
  readonly dilations?: Pair | number | null;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

export function isDilated({ dilations }: Pick<ConvolutionAttributes, 'dilations'>): boolean {
  return dilations != null && [dilations].flat().some((dilation) => dilation !== 1);
}

interface Geometry {
  readonly dilations: Pair;
  readonly before: Pair;
  readonly after: Pair;
  readonly output: Pair;
  /** First to last tap of the filter, in pixels. */
  readonly reach: Pair;
}

function geometryOf(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  attributes: ConvolutionAttributes,
  depthwise: boolean,
) {
  const { strides, pad, dimRoundingMode } = attributes;
  const [d] = [attributes.dilations as Pair | number];
  const info = tf.backend_util.computeConv2DInfo(
    x.shape,
    filter.shape,
    strides,
    d,
    pad,
    dimRoundingMode,
    depthwise,
  );
  const { top, left, bottom, right } = info.padInfo;
  const geometry: Geometry = {
    dilations: [info.dilationHeight, info.dilationWidth],
    before: [top, left],
    after: [bottom, right],
    output: [info.outHeight, info.outWidth],
    reach: [info.effectiveFilterHeight - 1, info.effectiveFilterWidth - 1],
  };
  return geometry;
}

/** `dy` with the border from which the turned filter reaches every pixel of the input. */
function paddedForInput(dy: tf.Tensor4D, { before, after, reach }: Geometry): tf.Tensor4D {
  return padPlane(
    dy,
    [reach[0] - before[0], reach[1] - before[1]],
    [reach[0] - after[0], reach[1] - after[1]],
  );
}

function padPlane(x: tf.Tensor4D, before: Pair, after: Pair): tf.Tensor4D {
  return tf.pad(x, [
    [0, 0],
    [before[0], after[0]],
    [before[1], after[1]],
    [0, 0],
  ]);
}

/** For each tap of the filter, row by row: the pixels that it meets, one for each pixel of the output. */
function pixelsOfTaps(x: tf.Tensor4D, [rows, columns]: Pair, geometry: Geometry): tf.Tensor4D[] {
  const padded = padPlane(x, geometry.before, geometry.after);
  const [down, across] = geometry.dilations;
  const size: [number, number, number, number] = [x.shape[0], ...geometry.output, x.shape[3]];
  return Array.from({ length: rows * columns }, (_, tap) =>
    tf.slice(padded, [0, Math.floor(tap / columns) * down, (tap % columns) * across, 0], size),
  );
}

/** The gradient of a dilated convolution, NHWC. */
export function dilatedGradient(
  dy: tf.Tensor4D,
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  attributes: ConvolutionAttributes,
): { x: () => tf.Tensor; filter: () => tf.Tensor } {
  const geometry = geometryOf(x, filter, attributes, false);
  const [rows, columns, , outputs] = filter.shape;
  return {
    x: () => {
      const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]) as tf.Tensor4D;
      return tf.conv2d(paddedForInput(dy, geometry), turned, 1, 'valid', 'NHWC', geometry.dilations);
    },
    filter: () => {
      const flatDy = tf.reshape(dy, [-1, outputs]);
      const taps = pixelsOfTaps(x, [rows, columns], geometry);
      const products = taps.map((pixels) => tf.matMul(tf.reshape(pixels, [-1, x.shape[3]]), flatDy, true));
      return tf.reshape(tf.stack(products), filter.shape);
    },
  };
}

/** A dilated depthwise convolution itself, for a backend that has none. */
export function dilatedDepthwise(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  attributes: ConvolutionAttributes,
): tf.Tensor4D {
  const geometry = geometryOf(x, filter, attributes, true);
  const [rows, columns, channels, multiplier] = filter.shape;
  const taps = tf.unstack(tf.reshape(filter, [rows * columns, channels, multiplier]));
  const terms = pixelsOfTaps(x, [rows, columns], geometry).map((pixels, tap) =>
    tf.mul(tf.expandDims(pixels, -1), taps[tap]!),
  );
  return tf.reshape(tf.addN(terms), [x.shape[0], ...geometry.output, channels * multiplier]);
}

/** The gradient of a dilated depthwise convolution; output channel c · multiplier + m belongs to input channel c. */
export function dilatedDepthwiseGradient(
  dy: tf.Tensor4D,
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  attributes: ConvolutionAttributes,
): { x: () => tf.Tensor; filter: () => tf.Tensor } {
  const geometry = geometryOf(x, filter, attributes, true);
  const [rows, columns, channels, multiplier] = filter.shape;
  return {
    x: () => {
      const turned = tf.reshape(tf.reverse(filter, [0, 1]), [
        rows,
        columns,
        channels * multiplier,
        1,
      ]) as tf.Tensor4D;
      const padded = paddedForInput(dy, geometry);
      const each = tf.depthwiseConv2d(padded, turned, 1, 'valid', 'NHWC', geometry.dilations);
      return tf.sum(tf.reshape(each, [...x.shape, multiplier]), -1);
    },
    filter: () => {
      const flatDy = tf.reshape(dy, [-1, channels, multiplier]);
      const taps = pixelsOfTaps(x, [rows, columns], geometry);
      const products = taps.map((pixels) => tf.sum(tf.mul(tf.reshape(pixels, [-1, channels, 1]), flatDy), 0));
      return tf.reshape(tf.stack(products), filter.shape);
    },
  };
}
