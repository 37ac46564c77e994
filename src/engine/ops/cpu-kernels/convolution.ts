// Convolutions by their definition: of volumes, an image being one of depth 1, and by filters in groups.

import { sizeOf, type Values } from './storage.ts';

type Triple = readonly [depth: number, height: number, width: number];

/**
 * x is `[batch, ...size, inputs]`, y is `[batch, ...outSize, outputs]`, the filter `[...taps, inputs / groups,
 * outputs]`; output channels o of group g see the input channels of group g.
 */
export interface ConvolutionGeometry {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly groups: number;
  readonly size: Triple;
  readonly outSize: Triple;
  readonly taps: Triple;
  readonly strides: Triple;
  readonly dilations: Triple;
  /** Cells of padding before the first. */
  readonly before: Triple;
}

type Visit = (x: number, filter: number, y: number) => void;

/** For each output, the places of its first channel, of the taps that fall on a cell, and of those cells. */
function eachTap(g: ConvolutionGeometry, visit: Visit): void {
  const [depth, height, width] = g.size;
  const tapSize = (g.inputs / g.groups) * g.outputs;
  const inside = ([z, row, column]: number[]) =>
    z! >= 0 && z! < depth && row! >= 0 && row! < height && column! >= 0 && column! < width;
  const [outputs, taps] = [cellsOf(g.outSize), cellsOf(g.taps)];
  for (let image = 0; image < g.batch; image++) {
    for (const [i, output] of outputs.entries()) {
      const y = (image * outputs.length + i) * g.outputs;
      for (const [j, tap] of taps.entries()) {
        const cell = output.map((at, k) => at * g.strides[k]! - g.before[k]! + tap[k]! * g.dilations[k]!);
        if (!inside(cell)) continue;
        const [z, row, column] = cell as [number, number, number];
        visit((((image * depth + z) * height + row) * width + column) * g.inputs, j * tapSize, y);
      }
    }
  }
}

function cellsOf([depth, height, width]: Triple): Triple[] {
  return Array.from({ length: depth * height * width }, (_, i) => [
    Math.floor(i / (height * width)),
    Math.floor(i / width) % height,
    i % width,
  ]);
}

/** Calls `visit(channel of x, place in a tap, channel of y)` for all that a tap multiplies. */
function eachProduct({ inputs, outputs, groups }: ConvolutionGeometry, visit: Visit): void {
  const [perGroup, outputsPerGroup] = [inputs / groups, outputs / groups];
  for (let i = 0; i < perGroup; i++) {
    for (let o = 0; o < outputs; o++) {
      visit(Math.floor(o / outputsPerGroup) * perGroup + i, i * outputs + o, o);
    }
  }
}

export function convolve(g: ConvolutionGeometry, x: Values, filter: Values): Float32Array {
  const y = new Float64Array(g.batch * sizeOf(g.outSize) * g.outputs);
  eachTap(g, (atX, atFilter, atY) =>
    eachProduct(g, (i, tap, o) => {
      y[atY + o]! += x[atX + i]! * filter[atFilter + tap]!;
    }),
  );
  return Float32Array.from(y);
}

export function convolveBackInput(g: ConvolutionGeometry, dy: Values, filter: Values): Float32Array {
  const dx = new Float64Array(g.batch * sizeOf(g.size) * g.inputs);
  eachTap(g, (atX, atFilter, atY) =>
    eachProduct(g, (i, tap, o) => {
      dx[atX + i]! += dy[atY + o]! * filter[atFilter + tap]!;
    }),
  );
  return Float32Array.from(dx);
}

export function convolveBackFilter(g: ConvolutionGeometry, x: Values, dy: Values): Float32Array {
  const dfilter = new Float64Array(sizeOf(g.taps) * (g.inputs / g.groups) * g.outputs);
  eachTap(g, (atX, atFilter, atY) =>
    eachProduct(g, (i, tap, o) => {
      dfilter[atFilter + tap]! += x[atX + i]! * dy[atY + o]!;
    }),
  );
  return Float32Array.from(dfilter);
}
