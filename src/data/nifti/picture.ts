import { type Picture, unitValues } from '../picture.ts';
import type { Range } from '../value-range.ts';
import { planeSize, slicePlane } from './plane.ts';
import { readVolume } from './volume.ts';

/** Axial slice `frame` of a volume, its further frames one after the other; what cannot be read throws an `Error`. */
export async function volumePlane(file: string, frame: number) {
  const volume = await readVolume(file);
  const { height, width, count } = planeSize(volume.shape, 'axial');
  const frames = count * volume.shape[3];
  if (frame >= frames) throw new Error(`it has ${frames} axial slices, so there is no frame ${frame}`);
  return {
    height,
    width,
    values: slicePlane(volume, 'axial', frame % count, Math.floor(frame / count)),
    volume,
  };
}

/** The same as a picture in [0, 1]: scaled by `window`, or by 255 where it is made of bytes as they are. */
export async function volumePicture(
  file: string,
  frame: number,
  window: Range | undefined,
): Promise<Picture> {
  const { volume, values, ...size } = await volumePlane(file, frame);
  const { type, slope, intercept } = volume.header;
  const plain = slope === 1 && intercept === 0 ? type : 'float32';
  return { ...size, channels: 1, values: unitValues(values, plain, window) };
}
