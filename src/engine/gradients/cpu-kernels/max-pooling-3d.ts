import * as tf from '@tensorflow/tfjs';
import { type Call, cpuKernel } from '../../ops/cpu-kernels/storage.ts';

type Triple = [number, number, number];

function range(output: number, stride: number, window: number, padding: number, length: number): number[] {
  const start = output * stride - padding;
  return Array.from({ length: window }, (_, i) => start + i).filter((cell) => cell >= 0 && cell < length);
}

/** Gives each `dy` to the first largest cell of its window. */
function gradient(call: Call) {
  const [x, dy] = [call.values('input'), call.values('dy')];
  const pool = tf.backend_util.computePool3DInfo(
    call.shape('input') as [number, number, number, number, number],
    call.attribute<Triple | number>('filterSize'),
    call.attribute<Triple | number>('strides'),
    1,
    call.attribute<'valid' | 'same' | number>('pad'),
    call.attribute<'floor' | 'round' | 'ceil' | undefined>('dimRoundingMode'),
  );
  const { inDepth, inHeight, inWidth, inChannels: channels } = pool;
  const { front, top, left } = pool.padInfo;
  const dx = new Float32Array(x.length);
  let read = 0;
  for (let volume = 0; volume < pool.batchSize; volume++) {
    for (let i = 0; i < pool.outDepth * pool.outHeight * pool.outWidth; i++) {
      const plane = Math.floor(i / (pool.outHeight * pool.outWidth));
      const row = Math.floor(i / pool.outWidth) % pool.outHeight;
      const planes = range(plane, pool.strideDepth, pool.filterDepth, front, inDepth);
      const rows = range(row, pool.strideHeight, pool.filterHeight, top, inHeight);
      const columns = range(i % pool.outWidth, pool.strideWidth, pool.filterWidth, left, inWidth);
      const cells = planes.flatMap((z) =>
        rows.flatMap((r) =>
          columns.map((c) => (((volume * inDepth + z) * inHeight + r) * inWidth + c) * channels),
        ),
      );
      for (let k = 0; k < channels; k++, read++) {
        let [best, place] = [Number.NEGATIVE_INFINITY, -1];
        for (const cell of cells) {
          if (x[cell + k]! > best) [best, place] = [x[cell + k]!, cell + k];
        }
        if (place >= 0) dx[place]! += dy[read]!;
      }
    }
  }
  return call.output(call.shape('input'), dx);
}

/**
 * {dy, input}, {filterSize, strides, pad, dimRoundingMode} → dx.
 *
 * tfjs mixes up rows and columns where a window is not square, and takes the last of equal cells, unlike in 2D.
 */
export const maxPool3dGradKernel = cpuKernel('MaxPool3DGrad', gradient);
