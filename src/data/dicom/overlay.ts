// Graphics that lie over an image: PS3.3, section C.9.

import type { Picture } from '../picture.ts';
import type { DicomImage } from './parse.ts';

/** Groups 6000, 6002, … 601E. */
const groups = Array.from({ length: 16 }, (_, i) => `x${(0x6000 + 2 * i).toString(16)}`);

/** One plane of bits, and where its first is in the image, counted from 0. */
interface Plane {
  readonly rows: number;
  readonly columns: number;
  readonly top: number;
  readonly left: number;
  readonly isSet: (row: number, column: number) => boolean;
}

function planeOf({ data }: DicomImage, group: string, frame: number): Plane | undefined {
  const rows = data.uint16(`${group}0010`);
  if (rows === undefined) return undefined;
  const name = `overlay ${group.slice(1).toUpperCase()}`;
  const columns = data.uint16(`${group}0011`) ?? 0;
  const bits = data.uint16(`${group}0100`) ?? 1;
  const content = data.elements[`${group}3000`];
  if (!content || bits !== 1)
    throw new Error(`its ${name} lies within the pixels, which DICOM has given up: it cannot be read`);
  const [count, start] = [whole(data.string(`${group}0015`)), data.uint16(`${group}0051`) ?? 1];
  // An overlay may be for some frames only.
  const own = frame + 1 - start;
  if (own < 0 || own >= count) return undefined;
  const size = rows * columns;
  if (rows < 1 || columns < 1 || content.length * 8 < size * count)
    throw new Error(
      `its ${name} has ${content.length} bytes for ${count} frames of ${rows} × ${columns} bits`,
    );
  return {
    ...{ rows, columns },
    top: (data.int16(`${group}0050`, 0) ?? 1) - 1,
    left: (data.int16(`${group}0050`, 1) ?? 1) - 1,
    isSet(row, column) {
      const bit = own * size + row * columns + column;
      return (((data.byteArray[content.dataOffset + (bit >> 3)] as number) >> (bit & 7)) & 1) === 1;
    },
  };
}

function whole(text: string | undefined): number {
  const value = Number(text?.trim() || 1);
  if (Number.isInteger(value) && value > 0 && value < 1e6) return value;
  throw new Error(`its Number of Frames in Overlay is "${text?.slice(0, 20)}", expected a whole number`);
}

/**
 * Sets the pixels of `picture`, frame `frame` of `image`, that lie under graphics to white. Throws an `Error` for an overlay that is
 * damaged, or within the pixels as files of before 2004 have it.
 */
export function drawOverlays(picture: Picture, image: DicomImage, frame: number): void {
  const { width, height, channels, values } = picture;
  for (const group of groups) {
    const plane = planeOf(image, group, frame);
    if (!plane) continue;
    const { rows, columns, top, left, isSet } = plane;
    for (let row = Math.max(0, -top); row < Math.min(rows, height - top); row++) {
      for (let column = Math.max(0, -left); column < Math.min(columns, width - left); column++) {
        if (!isSet(row, column)) continue;
        const at = ((row + top) * width + column + left) * channels;
        values.fill(1, at, at + channels);
      }
    }
  }
}
