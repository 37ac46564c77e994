import * as tf from '@tensorflow/tfjs';
import { type Call, cpuKernel, sizeOf } from '../../ops/cpu-kernels/storage.ts';

/** One spatial axis of a pooling. */
interface Axis {
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
  readonly window: number;
  readonly padding: number;
}

/** The cells [from, to) of the input that the window of an output covers; padding has no cells. */
function covered({ inputs, stride, window, padding }: Axis, output: number): [from: number, to: number] {
  const start = output * stride - padding;
  return [Math.max(0, start), Math.min(inputs, start + window)];
}

/**
 * Spreads each `dy` evenly over the cells that were averaged.
 *
 * tfjs divides by the full window at the border too, where the forward pass divides by the real cells.
 */
function spread(call: Call, batch: number, channels: number, [deep, high, wide]: [Axis, Axis, Axis]) {
  const dy = call.values('dy');
  const dx = new Float32Array(sizeOf(call.shape('input')));
  let read = 0;
  const spreadCell = (image: number, z: number, row: number, column: number) => {
    const [zFrom, zTo] = covered(deep, z);
    const [rowFrom, rowTo] = covered(high, row);
    const [columnFrom, columnTo] = covered(wide, column);
    const cells = (zTo - zFrom) * (rowTo - rowFrom) * (columnTo - columnFrom);
    for (let zi = zFrom; zi < zTo; zi++) {
      for (let r = rowFrom; r < rowTo; r++) {
        for (let c = columnFrom; c < columnTo; c++) {
          const write = (((image * deep.inputs + zi) * high.inputs + r) * wide.inputs + c) * channels;
          for (let k = 0; k < channels; k++) dx[write + k]! += dy[read + k]! / cells;
        }
      }
    }
    read += channels;
  };
  for (let image = 0; image < batch; image++) {
    for (let z = 0; z < deep.outputs; z++) {
      for (let row = 0; row < high.outputs; row++) {
        for (let column = 0; column < wide.outputs; column++) spreadCell(image, z, row, column);
      }
    }
  }
  return call.output(call.shape('input'), dx);
}

type Pair = [number, number];
type Triple = [number, number, number];
type Padding = 'valid' | 'same' | number;

/** {dy, input}, {filterSize, strides, pad} → dx. */
export const averagePoolGradKernel = cpuKernel('AvgPoolGrad', (call) => {
  const pool = tf.backend_util.computePool2DInfo(
    call.shape('input') as [number, number, number, number],
    call.attribute<Pair | number>('filterSize'),
    call.attribute<Pair | number>('strides'),
    1,
    call.attribute<Padding>('pad'),
  );
  const flat = { inputs: 1, outputs: 1, stride: 1, window: 1, padding: 0 };
  return spread(call, pool.batchSize, pool.inChannels, [flat, ...planeAxes(pool)]);
});

/** {dy, input}, {filterSize, strides, pad, dimRoundingMode} → dx. */
export const averagePool3dGradKernel = cpuKernel('AvgPool3DGrad', (call) => {
  const pool = tf.backend_util.computePool3DInfo(
    call.shape('input') as [number, number, number, number, number],
    call.attribute<Triple | number>('filterSize'),
    call.attribute<Triple | number>('strides'),
    1,
    call.attribute<Padding>('pad'),
    call.attribute<'floor' | 'round' | 'ceil' | undefined>('dimRoundingMode'),
  );
  const depth = {
    inputs: pool.inDepth,
    outputs: pool.outDepth,
    stride: pool.strideDepth,
    window: pool.filterDepth,
    padding: pool.padInfo.front,
  };
  return spread(call, pool.batchSize, pool.inChannels, [depth, ...planeAxes(pool)]);
});

function planeAxes(pool: tf.backend_util.Conv2DInfo | tf.backend_util.Conv3DInfo): [Axis, Axis] {
  const rows = {
    inputs: pool.inHeight,
    outputs: pool.outHeight,
    stride: pool.strideHeight,
    window: pool.filterHeight,
    padding: pool.padInfo.top,
  };
  const columns = {
    inputs: pool.inWidth,
    outputs: pool.outWidth,
    stride: pool.strideWidth,
    window: pool.filterWidth,
    padding: pool.padInfo.left,
  };
  return [rows, columns];
}
