import { type Call, cpuKernel } from '../../ops/cpu-kernels/storage.ts';
import { bilinearTaps, nearestSources, type ResizeConvention } from '../interpolation.ts';

type Shape4D = readonly [batch: number, height: number, width: number, channels: number];

function geometry(call: Call) {
  const [batch, height, width, channels] = call.shape('images') as Shape4D;
  const [, outputHeight, outputWidth] = call.shape('dy') as Shape4D;
  const convention: ResizeConvention = {
    alignCorners: call.attribute<boolean | undefined>('alignCorners') ?? false,
    halfPixelCenters: call.attribute<boolean | undefined>('halfPixelCenters') ?? false,
  };
  return { batch, height, width, channels, outputHeight, outputWidth, convention };
}

/** Each `dy` goes back to the pixel it was copied from. tfjs reads `dy` with the strides of `images` in a batch. */
function nearestGradient(call: Call) {
  const dy = call.values('dy');
  const { batch, height, width, channels, outputHeight, outputWidth, convention } = geometry(call);
  const rows = nearestSources(height, outputHeight, convention);
  const columns = nearestSources(width, outputWidth, convention);
  const dx = new Float32Array(batch * height * width * channels);
  let read = 0;
  for (let image = 0; image < batch; image++) {
    for (const row of rows) {
      for (const column of columns) {
        const write = ((image * height + row) * width + column) * channels;
        for (let k = 0; k < channels; k++) dx[write + k]! += dy[read++]!;
      }
    }
  }
  return call.output(call.shape('images'), dx);
}

/** Each `dy` goes back to its four pixels. tfjs swaps height and width and does not know half-pixel centres. */
function bilinearGradient(call: Call) {
  const dy = call.values('dy');
  const { batch, height, width, channels, outputHeight, outputWidth, convention } = geometry(call);
  const rows = bilinearTaps(height, outputHeight, convention);
  const columns = bilinearTaps(width, outputWidth, convention);
  const dx = new Float32Array(batch * height * width * channels);
  let read = 0;
  const add = (row: number, column: number, weight: number) => {
    const write = (row * width + column) * channels;
    for (let k = 0; k < channels; k++) dx[write + k]! += weight * dy[read + k]!;
  };
  for (let image = 0; image < batch; image++) {
    for (let i = 0; i < outputHeight; i++) {
      const [top, bottom] = [image * height + rows.low[i]!, image * height + rows.high[i]!];
      const down = rows.fraction[i]!;
      for (let j = 0; j < outputWidth; j++, read += channels) {
        const [left, right, across] = [columns.low[j]!, columns.high[j]!, columns.fraction[j]!];
        add(top, left, (1 - down) * (1 - across));
        add(top, right, (1 - down) * across);
        add(bottom, left, down * (1 - across));
        add(bottom, right, down * across);
      }
    }
  }
  return call.output(call.shape('images'), dx);
}

/** {dy, images}, {alignCorners, halfPixelCenters} → dx. */
export const resizeNearestGradKernel = cpuKernel('ResizeNearestNeighborGrad', nearestGradient);

/** {dy, images}, {alignCorners, halfPixelCenters} → dx. */
export const resizeBilinearGradKernel = cpuKernel('ResizeBilinearGrad', bilinearGradient);
