import * as tf from '@tensorflow/tfjs';

type Triple = [number, number, number];
type Shape5D = [number, number, number, number, number];

/**
 * tfjs' geometry of a convolution of volumes, with its padding put right: where 'same' needs none, because the stride
 * is longer than the filter, tfjs pads with −1 and leaves out the first cells.
 */
export function volumeConvolutionInfo(
  x: readonly number[],
  filter: readonly number[],
  attributes: { strides: Triple | number; dilations?: Triple | number; pad: 'valid' | 'same' },
): tf.backend_util.Conv3DInfo {
  const { strides, dilations = 1, pad } = attributes;
  const info = tf.backend_util.computeConv3DInfo(x as Shape5D, filter as Shape5D, strides, dilations, pad);
  const { front, back, top, bottom, left, right, type } = info.padInfo;
  const [first, last, above, below, before, behind] = [front, back, top, bottom, left, right].map((cells) =>
    Math.max(cells, 0),
  ) as [number, number, number, number, number, number];
  const padInfo = { front: first, back: last, top: above, bottom: below, left: before, right: behind, type };
  return { ...info, padInfo };
}
