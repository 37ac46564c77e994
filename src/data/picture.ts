import type { ImageShape } from './dataset.ts';
import { type Fit, fitChannel, type Size } from './fit.ts';
import type { NumberArray, NumberType } from './numbers.ts';
import { type Range, scaleToUnit } from './value-range.ts';

/** A decoded image, interleaved, in [0, 1]. */
export interface Picture extends Size {
  readonly channels: 1 | 3;
  readonly values: Float32Array;
}

/**
 * Stored values in [0, 1]: through `window` where there is one, else bytes by 255 and 16 bits by 65535. Others must
 * lie in [0, 1] already, or they throw an `Error`: no guess would treat all images of a set alike.
 */
export function unitValues(values: NumberArray, type: NumberType, window: Range | undefined): Float32Array {
  const range = window ?? { low: 0, high: type === 'uint8' ? 255 : type === 'uint16' ? 65535 : 1 };
  if (range.high === 1 && window === undefined) {
    const wrong = values.findIndex((value) => !(value >= 0 && value <= 1));
    if (wrong >= 0) {
      throw new Error(
        `it holds ${values[wrong]}, expected values from 0 to 1. Say with "window" which become 0 and 1`,
      );
    }
  }
  return scaleToUnit(Float32Array.from(values), range);
}

/** Grey as three equal channels, or colours as their luma, 0.299 R + 0.587 G + 0.114 B (Rec. ITU-R BT.601). */
function withChannels({ channels, values, ...size }: Picture, wanted: number): Picture {
  if (channels === wanted) return { channels, values, ...size };
  const pixels = values.length / channels;
  const result = new Float32Array(pixels * wanted);
  for (let i = 0; i < pixels; i++) {
    if (wanted === 3) result.fill(values[i] as number, 3 * i, 3 * i + 3);
    else {
      const [r, g, b] = [values[3 * i] as number, values[3 * i + 1] as number, values[3 * i + 2] as number];
      result[i] = (299 * r + 587 * g + 114 * b) / 1000;
    }
  }
  return { ...size, channels: wanted as 1 | 3, values: result };
}

/** The pixels of a picture in the shape that a net takes. */
export async function fitPicture(picture: Picture, shape: ImageShape, fit: Fit): Promise<Float32Array> {
  const [height, width, channels] = shape;
  const { values, ...from } = withChannels(picture, channels);
  if (channels === 1) return fitChannel(values, from, { height, width }, fit);
  const pixels = new Float32Array(height * width * channels);
  for (let channel = 0; channel < channels; channel++) {
    const plane = Float32Array.from(
      { length: values.length / channels },
      (_, i) => values[i * channels + channel] as number,
    );
    const fitted = await fitChannel(plane, from, { height, width }, fit);
    for (let i = 0; i < fitted.length; i++) pixels[i * channels + channel] = fitted[i] as number;
  }
  return pixels;
}
