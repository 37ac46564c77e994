// Where a resized image takes its pixels from, along one axis, in the conventions of tfjs.

export interface ResizeConvention {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/** Output i is (1 − fraction) · input[low] + fraction · input[high]. */
export interface Taps {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly fraction: Float32Array;
}

function scaleOf(inputs: number, outputs: number, alignCorners: boolean): number {
  return alignCorners && outputs > 1 ? (inputs - 1) / (outputs - 1) : inputs / outputs;
}

export function bilinearTaps(inputs: number, outputs: number, convention: ResizeConvention): Taps {
  const scale = scaleOf(inputs, outputs, convention.alignCorners);
  const shift = convention.halfPixelCenters ? 0.5 : 0;
  const taps = {
    low: new Int32Array(outputs),
    high: new Int32Array(outputs),
    fraction: new Float32Array(outputs),
  };
  for (let i = 0; i < outputs; i++) {
    const position = Math.max(0, scale * (i + shift) - shift);
    const low = Math.min(Math.floor(position), inputs - 1);
    taps.low[i] = low;
    taps.high[i] = Math.min(low + 1, inputs - 1);
    taps.fraction[i] = position - low;
  }
  return taps;
}

export function nearestSources(inputs: number, outputs: number, convention: ResizeConvention): Int32Array {
  const scale = scaleOf(inputs, outputs, convention.alignCorners);
  const shift = convention.halfPixelCenters ? 0.5 : 0;
  const round = convention.alignCorners ? Math.round : Math.floor;
  return Int32Array.from({ length: outputs }, (_, i) => Math.min(inputs - 1, round(scale * (i + shift))));
}
