// Where voxels lie: the affine matrix, and the axis of the body that each axis of a file runs along.

type Row = readonly [x: number, y: number, z: number, shift: number];

/** Three rows: millimetres to the right, to the front and upwards, of a voxel index and 1. */
export type Affine = readonly [Row, Row, Row];

/**
 * Method 1 of nifti1.h, for files that say nothing of orientation. As in ANALYZE, and in nibabel, x then
 * runs from right to left, and the centre of the volume is the origin.
 */
export function affineFromSpacing(shape: readonly number[], spacing: readonly number[]): Affine {
  const steps = [0, 1, 2].map((axis) => (axis === 0 ? -1 : 1) * (spacing[axis] as number));
  const rows = [0, 1, 2].map((row) => {
    const step = steps[row] as number;
    return [...[0, 1, 2].map((i) => (i === row ? step : 0)), (-step * ((shape[row] ?? 1) - 1)) / 2];
  });
  return rows as never as Affine;
}

/**
 * Method 2 of nifti1.h: a rotation by the unit quaternion (a, b, c, d), of which b, c and d are given,
 * then a shift. `handedness` −1 mirrors the third axis.
 */
export function affineFromQuaternion(
  [b = 0, c = 0, d = 0, ...shift]: readonly number[],
  spacing: readonly number[],
  handedness: number,
): Affine {
  const a = Math.sqrt(Math.max(0, 1 - (b * b + c * c + d * d)));
  const rotation = [
    [a * a + b * b - c * c - d * d, 2 * b * c - 2 * a * d, 2 * b * d + 2 * a * c],
    [2 * b * c + 2 * a * d, a * a + c * c - b * b - d * d, 2 * c * d - 2 * a * b],
    [2 * b * d - 2 * a * c, 2 * c * d + 2 * a * b, a * a + d * d - c * c - b * b],
  ];
  const steps = [0, 1, 2].map((axis) => (axis === 2 && handedness < 0 ? -1 : 1) * (spacing[axis] as number));
  const rows = rotation.map((row, i) => [
    ...row.map((value, axis) => value * (steps[axis] as number)),
    shift[i] as number,
  ]);
  return rows as never as Affine;
}

/** Which axis of the file runs along an axis of the body, and whether backwards. */
export interface BodyAxis {
  readonly axis: 0 | 1 | 2;
  readonly reversed: boolean;
}

/**
 * The axes of the file that run most nearly to the right, to the front and upwards (RAS+), each once:
 * the best match of all first, then the best of what is left.
 */
export function bodyAxes(affine: Affine): readonly [BodyAxis, BodyAxis, BodyAxis] {
  const lengths = [0, 1, 2].map((axis) => Math.hypot(...affine.map((row) => row[axis] as number)) || 1);
  const matches = [0, 1, 2].flatMap((direction) =>
    [0, 1, 2].map((axis) => ({
      direction,
      axis,
      cosine: (affine[direction]?.[axis] as number) / (lengths[axis] as number),
    })),
  );
  matches.sort((one, other) => Math.abs(other.cosine) - Math.abs(one.cosine));
  const found: (BodyAxis | undefined)[] = [undefined, undefined, undefined];
  const used = new Set<number>();
  for (const { direction, axis, cosine } of matches) {
    if (found[direction] || used.has(axis)) continue;
    used.add(axis);
    found[direction] = { axis: axis as 0 | 1 | 2, reversed: cosine < 0 };
  }
  return found as [BodyAxis, BodyAxis, BodyAxis];
}
