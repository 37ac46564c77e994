// From the size of a picture to the size that a net takes.

import sharp from 'sharp';

export interface Size {
  readonly height: number;
  readonly width: number;
}

/**
 * `squash` changes the aspect, `crop` keeps it and cuts away what lies beyond the centre, `pad` keeps
 * every pixel as it is and cuts or adds a border about the centre.
 */
export type Fit = 'squash' | 'crop' | 'pad';

interface Box extends Size {
  readonly left: number;
  readonly top: number;
}

/** The part of a picture that is kept, in its own pixels: all, or the largest centred box of the target's aspect. */
export function keptBox(from: Size, to: Size, fit: 'squash' | 'crop'): Box {
  const { width, height } = from;
  if (fit === 'squash') return { left: 0, top: 0, width, height };
  const scale = Math.min(width / to.width, height / to.height);
  const boxWidth = Math.max(1, Math.round(to.width * scale));
  const boxHeight = Math.max(1, Math.round(to.height * scale));
  return {
    left: Math.floor((width - boxWidth) / 2),
    top: Math.floor((height - boxHeight) / 2),
    width: boxWidth,
    height: boxHeight,
  };
}

/** For each pixel of the target the index of the pixel at its centre; −1 beyond the border, with `pad`. */
export function nearestPixels(from: Size, to: Size, fit: Fit): Int32Array {
  const indices = new Int32Array(to.height * to.width);
  const box =
    fit === 'pad'
      ? {
          left: Math.floor((from.width - to.width) / 2),
          top: Math.floor((from.height - to.height) / 2),
          ...to,
        }
      : keptBox(from, to, fit);
  for (let y = 0; y < to.height; y++) {
    const row = box.top + Math.floor(((y + 0.5) * box.height) / to.height);
    for (let x = 0; x < to.width; x++) {
      const column = box.left + Math.floor(((x + 0.5) * box.width) / to.width);
      const inside = row >= 0 && row < from.height && column >= 0 && column < from.width;
      indices[y * to.width + x] = inside ? row * from.width + column : -1;
    }
  }
  return indices;
}

/** One value a pixel, of the nearest pixel; `beyond` outside the picture. */
export function fitNearest<T extends Float32Array | Int32Array | Uint16Array>(
  values: T,
  from: Size,
  to: Size,
  fit: Fit,
  beyond = 0,
): T {
  const fitted = new (values.constructor as new (length: number) => T)(to.height * to.width);
  const pixels = nearestPixels(from, to, fit);
  for (let i = 0; i < pixels.length; i++) {
    const at = pixels[i] as number;
    fitted[i] = at < 0 ? beyond : (values[at] as number);
  }
  return fitted;
}

/**
 * A channel in [0, 1], resized with an antialiasing Lanczos kernel in 16 bits, as images are; untouched where the
 * size is that of the target, or with `pad`.
 */
export async function fitChannel(
  values: Float32Array,
  from: Size,
  to: Size,
  fit: Fit,
): Promise<Float32Array> {
  const same = from.height === to.height && from.width === to.width;
  if (fit === 'pad' || same) return fitNearest(values, from, to, fit);
  const bits = Uint16Array.from(values, (value) => Math.round(value * 65535));
  const bytes = await sharp(bits, { raw: { width: from.width, height: from.height, channels: 1 } })
    .extract(keptBox(from, to, fit))
    .resize(to.width, to.height, { fit: 'fill' })
    .toColourspace('grey16')
    .raw({ depth: 'ushort' })
    .toBuffer();
  return Float32Array.from(
    new Uint16Array(bytes.buffer, bytes.byteOffset, to.height * to.width),
    (v) => v / 65535,
  );
}
