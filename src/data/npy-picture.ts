import { type NpyArray, parseNpy } from './npy.ts';
import type { NumberArray } from './numbers.ts';
import { type Picture, unitValues } from './picture.ts';
import type { Range } from './value-range.ts';

/** One frame of an array: `[height, width]`, `[height, width, 1 or 3]`, or either after an axis of frames. */
export function npyFrame({ shape, values }: NpyArray, frame: number) {
  const coloured = shape.length >= 3 && (shape.at(-1) === 1 || shape.at(-1) === 3);
  const channels = coloured ? (shape.at(-1) as 1 | 3) : 1;
  const [width = 0, height = 0, frames = 1, ...more] = shape.slice(0, coloured ? -1 : undefined).reverse();
  if (width === 0 || height === 0 || more.length > 0) {
    throw new Error(`its shape is [${shape.join(', ')}], expected [height, width], with channels or frames`);
  }
  if (frame >= frames) throw new Error(`it has ${frames} frames, so there is no frame ${frame}`);
  const length = height * width * channels;
  return {
    height,
    width,
    channels,
    values: values.subarray(frame * length, (frame + 1) * length) as NumberArray,
  };
}

/** A frame of a `.npy` as a picture. What cannot be read throws an `Error` with the reason. */
export function npyPicture(bytes: Uint8Array, frame: number, window: Range | undefined): Picture {
  const array = parseNpy(bytes);
  const { values, ...size } = npyFrame(array, frame);
  return { ...size, values: unitValues(values, array.type, window) };
}
