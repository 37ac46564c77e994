import type { Volume } from './volume.ts';

/** How a volume is cut: the axis of `Volume.shape` that stays fixed, and those that become rows and columns. */
interface Cut {
  readonly fixed: 0 | 1 | 2;
  /** Runs downwards in the picture, from its last voxel to its first. */
  readonly rows: 1 | 2;
  readonly columns: 0 | 1;
}

/**
 * Pictures with the head, or in an axial one the face, at the top. Left is left, as seen from above and from behind;
 * in a sagittal one the face is on the right.
 */
export const cuts = {
  axial: { fixed: 2, rows: 1, columns: 0 },
  coronal: { fixed: 1, rows: 2, columns: 0 },
  sagittal: { fixed: 0, rows: 2, columns: 1 },
} as const satisfies Record<string, Cut>;

export type Plane = keyof typeof cuts;

export interface PlaneSize {
  readonly height: number;
  readonly width: number;
  readonly count: number;
}

/** Height and width of the slices, and how many there are. */
export function planeSize(shape: Volume['shape'], plane: Plane): PlaneSize {
  const { fixed, rows, columns } = cuts[plane];
  return { height: shape[rows], width: shape[columns], count: shape[fixed] };
}

/** Labels may be beyond what a float32 tells apart. */
type Values<T> = new (length: number) => T;

/** Slice `index` of a frame, `[height, width]`, in the values that the header scales to. */
export function slicePlane<T extends Float32Array | Float64Array = Float32Array>(
  volume: Volume,
  plane: Plane,
  index: number,
  frame: number,
  Values: Values<T> = Float32Array as never,
): T {
  const { header, stored, origin, strides, shape } = volume;
  const { fixed, rows, columns } = cuts[plane];
  const { height, width } = planeSize(shape, plane);
  const values = new Values(height * width);
  const start = origin + index * strides[fixed] + frame * strides[3];
  for (let row = 0, i = 0; row < height; row++) {
    let at = start + (height - 1 - row) * strides[rows];
    for (let column = 0; column < width; column++, i++, at += strides[columns]) {
      values[i] = header.slope * (stored[at] as number) + header.intercept;
    }
  }
  return values;
}

/** All values of a frame, scaled, in the order of the file. */
export function frameValues<T extends Float32Array | Float64Array = Float32Array>(
  { header, stored, strides }: Volume,
  frame: number,
  Values: Values<T> = Float32Array as never,
): T {
  const part = stored.subarray(frame * strides[3], (frame + 1) * strides[3]);
  const values = new Values(part.length);
  for (let i = 0; i < part.length; i++) values[i] = header.slope * (part[i] as number) + header.intercept;
  return values;
}
