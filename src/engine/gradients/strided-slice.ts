import * as tf from '@tensorflow/tfjs';

interface Masks {
  readonly begin: number[];
  readonly end: number[];
  readonly strides: number[];
  readonly beginMask: number;
  readonly endMask: number;
  readonly ellipsisMask: number;
  readonly newAxisMask: number;
  readonly shrinkAxisMask: number;
}

/** Puts `dy` back at the positions that were read, with zeros between; tfjs has no gradient. */
export const stridedSliceGradient: tf.GradConfig = {
  kernelName: 'StridedSlice',
  inputsToSave: ['x'],
  gradFunc: (upstream, [x], attrs) => {
    const masks = attrs as unknown as Masks;
    const info = tf.slice_util.sliceInfo(
      x!.shape,
      masks.begin,
      masks.end,
      masks.strides,
      masks.beginMask,
      masks.endMask,
      masks.ellipsisMask,
      masks.newAxisMask,
      masks.shrinkAxisMask,
    );
    const dx = () =>
      x!.shape.reduce(
        (dy, length, axis) => scatterAxis(dy, axis, info.begin[axis]!, info.strides[axis]!, length),
        tf.reshape(upstream as tf.Tensor, tf.slice_util.computeOutShape(info.begin, info.end, info.strides)),
      );
    return { x: dx };
  },
};

function scatterAxis(dy: tf.Tensor, axis: number, begin: number, stride: number, length: number): tf.Tensor {
  const count = dy.shape[axis] as number;
  const ascending = stride < 0 ? tf.reverse(dy, axis) : dy;
  const spaced = insertZeros(ascending, axis, Math.abs(stride));
  const first = stride < 0 ? begin + stride * (count - 1) : begin;
  const after = length - first - (spaced.shape[axis] as number);
  return tf.pad(
    spaced,
    dy.shape.map((_, i): [number, number] => (i === axis ? [first, after] : [0, 0])),
  );
}

/** `step − 1` zeros between neighbours along `axis`. */
function insertZeros(x: tf.Tensor, axis: number, step: number): tf.Tensor {
  if (step === 1) return x;
  const count = x.shape[axis] as number;
  const cells = tf.expandDims(x, axis + 1);
  const padded = tf.pad(
    cells,
    cells.shape.map((_, i): [number, number] => (i === axis + 1 ? [0, step - 1] : [0, 0])),
  );
  const joined = tf.reshape(
    padded,
    x.shape.map((whole, i) => (i === axis ? whole * step : whole)),
  );
  return tf.slice(
    joined,
    x.shape.map(() => 0),
    x.shape.map((whole, i) => (i === axis ? (count - 1) * step + 1 : whole)),
  );
}
