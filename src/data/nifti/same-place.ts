import { UsageError } from '../../errors.ts';
import { bodyAxes } from './affine.ts';
import type { VolumeInfo } from './volume.ts';

/** Where a corner of the volume lies: `corner` has a bit for each axis of the body, set at its far end. */
function cornerPlace({ header, shape }: VolumeInfo, corner: number): number[] {
  const index = [0, 0, 0];
  for (const [direction, { axis, reversed }] of bodyAxes(header.affine).entries()) {
    const far = ((corner >> direction) & 1) === 1;
    if (far !== reversed) index[axis] = (shape[direction] as number) - 1;
  }
  return header.affine.map(
    (row) => row[3] + index.reduce((sum, i, axis) => sum + i * (row[axis] as number), 0),
  );
}

/** The largest distance, in millimetres, between the corners that two volumes of one shape have in the world. */
function cornerDistance(one: VolumeInfo, other: VolumeInfo): number {
  const distances = [0, 1, 2, 3, 4, 5, 6, 7].map((corner) => {
    const [a, b] = [cornerPlace(one, corner), cornerPlace(other, corner)];
    return Math.hypot(...a.map((value, i) => value - (b[i] as number)));
  });
  return Math.max(...distances);
}

/**
 * Refuses a label map that is not of the voxels of its volume: of another shape, of several frames, or further
 * away than half a voxel, so that its labels would lie on other tissue.
 */
export function checkPair(image: string, info: VolumeInfo, mask: string, maskInfo: VolumeInfo): void {
  const [shape, maskShape] = [info, maskInfo].map((volume) => volume.shape.slice(0, 3).join(' × '));
  if (maskInfo.shape[3] !== 1 || shape !== maskShape) {
    throw new UsageError(
      `The label map ${mask} has ${maskShape} voxels and ${maskInfo.shape[3]} frames, its volume ${image} has ` +
        `${shape}. Expected one label for each voxel; replace one.`,
    );
  }
  const distance = cornerDistance(info, maskInfo);
  if (distance <= Math.min(...info.spacing.filter((spacing) => spacing > 0)) / 2) return;
  throw new UsageError(
    `The label map ${mask} lies up to ${distance.toFixed(1)} mm from its volume ${image}, says its header. ` +
      'Resample it to the voxels of the volume, or correct the header.',
  );
}
