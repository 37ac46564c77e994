import * as tf from '@tensorflow/tfjs';

/** The mirrored border is added back onto the cells it was copied from; tfjs cuts it off. */
export const mirrorPadGradient: tf.GradConfig = {
  kernelName: 'MirrorPad',
  inputsToSave: ['x'],
  gradFunc: (upstream, [x], attrs) => {
    const paddings = attrs.paddings as [number, number][];
    // 'reflect' leaves out the outermost cell, 'symmetric' repeats it.
    const skipped = attrs.mode === 'reflect' ? 1 : 0;
    const dx = () =>
      paddings.reduce(
        (dy, padding, axis) => foldAxis(dy, axis, padding, x!.shape[axis] as number, skipped),
        upstream as tf.Tensor,
      );
    return { x: dx };
  },
};

function foldAxis(
  dy: tf.Tensor,
  axis: number,
  [before, after]: [number, number],
  length: number,
  skipped: number,
): tf.Tensor {
  const part = (start: number, size: number) => {
    const begin = dy.shape.map((_, i) => (i === axis ? start : 0));
    return tf.slice(
      dy,
      begin,
      dy.shape.map((whole, i) => (i === axis ? size : whole)),
    );
  };
  const placed = (border: tf.Tensor, start: number) => {
    const size = border.shape[axis] as number;
    const mirrored = tf.reverse(border, axis);
    const paddings = dy.shape.map((_, i): [number, number] =>
      i === axis ? [start, length - start - size] : [0, 0],
    );
    return tf.pad(mirrored, paddings);
  };
  let sum = part(before, length);
  if (before > 0) sum = tf.add(sum, placed(part(0, before), skipped));
  if (after > 0) sum = tf.add(sum, placed(part(before + length, after), length - after - skipped));
  return sum;
}
