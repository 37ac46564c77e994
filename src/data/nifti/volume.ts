import { existsSync } from 'node:fs';
import { messageOf, RunError } from '../../errors.ts';
import { gunzipAll, gunzipStart, isGzip, readBytes, requireBytes } from '../bytes.ts';
import { bytesOf, decodeNumbers, type NumberArray } from '../numbers.ts';
import { bodyAxes } from './affine.ts';
import { headerBytes, type NiftiHeader, parseHeader } from './header.ts';

/** What is known of a volume without its voxels. */
export interface VolumeInfo {
  readonly header: NiftiHeader;
  /** Voxels from left to right, from back to front and from below upwards, and frames (axes 4 to 7 in one). */
  readonly shape: readonly [x: number, y: number, z: number, frames: number];
  /** Millimetres from voxel to voxel along these. */
  readonly spacing: readonly [x: number, y: number, z: number];
}

/** A volume in RAS+ order, whatever the order of its file. */
export interface Volume extends VolumeInfo {
  /** As they stand in the file: without slope and intercept, in its order. */
  readonly stored: NumberArray;
  /** Index in `stored` of the voxel 0, 0, 0 of frame 0, and the steps along each axis of `shape`. */
  readonly origin: number;
  readonly strides: readonly [x: number, y: number, z: number, frame: number];
}

/** The value of one voxel, scaled as the header says. */
export function voxel({ header, stored, origin, strides }: Volume, x: number, y: number, z: number, t = 0) {
  const at = origin + x * strides[0] + y * strides[1] + z * strides[2] + t * strides[3];
  return header.slope * (stored[at] as number) + header.intercept;
}

/** Endings of the files that hold a volume: single ones, and the headers of pairs. */
export const volumeEndings = ['.nii', '.nii.gz', '.hdr', '.hdr.gz'] as const;

/** The other file of a pair, zipped as this one is or not. */
function partner(file: string, ending: 'hdr' | 'img'): string {
  const stem = file.replace(/\.(hdr|img)(\.gz)?$/i, '');
  const zipped = /\.gz$/i.test(file);
  const names = [`${stem}.${ending}`, `${stem}.${ending}.gz`];
  const found = (zipped ? names.reverse() : names).find((name) => existsSync(name));
  if (found !== undefined) return found;
  throw new Error(`the other half of it, ${stem}.${ending} or ${stem}.${ending}.gz, is not there`);
}

/** The files that hold a volume: the one that is named, or a pair. */
export function filesOfVolume(file: string): string[] {
  const half = /\.(hdr|img)(\.gz)?$/i.exec(file)?.[1]?.toLowerCase();
  return half === undefined ? [file] : [file, partner(file, half === 'hdr' ? 'img' : 'hdr')];
}

async function readHeaderOf(file: string): Promise<{ header: NiftiHeader; bytes: Buffer }> {
  const bytes = await readBytes(file);
  const start = isGzip(bytes) ? await gunzipStart(bytes) : bytes;
  return { header: parseHeader(start.subarray(0, headerBytes)), bytes };
}

function describe(header: NiftiHeader): VolumeInfo & Pick<Volume, 'origin' | 'strides'> {
  const { shape, affine } = header;
  const steps = [1, shape[0] as number, (shape[0] as number) * (shape[1] ?? 1)];
  const axes = bodyAxes(affine);
  const lengths = axes.map(({ axis }) => shape[axis] ?? 1);
  const strides = axes.map(({ axis, reversed }) => (reversed ? -1 : 1) * (steps[axis] as number));
  const origin = axes.reduce(
    (sum, { axis, reversed }, i) =>
      sum + (reversed ? ((lengths[i] as number) - 1) * (steps[axis] as number) : 0),
    0,
  );
  const perFrame = lengths.reduce((a, b) => a * b, 1);
  const frames = shape.slice(3).reduce((a, b) => a * b, 1);
  const spacing = axes.map(({ axis }) => Math.hypot(...affine.map((row) => row[axis] as number)));
  return {
    header,
    shape: [...lengths, frames] as never as VolumeInfo['shape'],
    spacing: spacing as never as VolumeInfo['spacing'],
    origin,
    strides: [...strides, perFrame] as never as Volume['strides'],
  };
}

async function named<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const reason = messageOf(error).replace(/\.$/, '');
    throw new RunError(
      `Cannot read the volume ${file}: ${reason}. Replace the file, or remove it from the data set.`,
    );
  }
}

/** Reads the header of a volume only: sizes and orientation. Throws as `readVolume`. */
export function readVolumeInfo(file: string): Promise<VolumeInfo> {
  return named(file, async () => {
    const { header } = await readHeaderOf(/\.img(\.gz)?$/i.test(file) ? partner(file, 'hdr') : file);
    return describe(header);
  });
}

/**
 * Reads NIfTI-1 or -2: `.nii`, or either file of a `.hdr` and `.img` pair, gzipped or not, with voxels of any
 * real type in either order of bytes.
 *
 * The axes become those of the body (RAS+), nearest where they are oblique; nothing is resampled. Orientation is
 * the sform's, else the qform's. A file that is missing, damaged, not NIfTI, or of more than `maxBytes`, is a
 * `RunError` that names it.
 */
export function readVolume(file: string): Promise<Volume> {
  return named(file, async () => {
    const headerFile = /\.img(\.gz)?$/i.test(file) ? partner(file, 'hdr') : file;
    const { header, bytes } = await readHeaderOf(headerFile);
    const count = header.shape.reduce((a, b) => a * b, 1);
    const end = header.voxelOffset + count * bytesOf(header.type);
    requireBytes(`its ${header.shape.join(' × ')} voxels`, end);
    const packed = header.single ? bytes : await readBytes(partner(headerFile, 'img'));
    const unpacked = isGzip(packed) ? await gunzipAll(packed, end) : packed;
    const stored = decodeNumbers(unpacked, header.voxelOffset, count, header.type, header.littleEndian);
    return { ...describe(header), stored };
  });
}
