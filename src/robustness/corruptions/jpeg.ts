import sharp from 'sharp';
import { defineCorruption, type Picture } from './corruption.ts';

/** `[height, width, channels]` in 8 bits, one or three channels as JPEG has them, through a file of that quality. */
async function through(
  bytes: Uint8Array,
  [height, width]: Picture['shape'],
  channels: 1 | 3,
  quality: number,
): Promise<Uint8Array> {
  const file = await sharp(bytes, { raw: { width, height, channels } }).jpeg({ quality }).toBuffer();
  return sharp(file)
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer();
}

/** `count` channels from the `first` one, through a file and back to where they were. */
async function compressInto(
  result: Float32Array,
  { pixels, shape }: Picture,
  { first, count }: { first: number; count: 1 | 3 },
  quality: number,
): Promise<void> {
  const channels = shape[2];
  const bytes = new Uint8Array(shape[0] * shape[1] * count);
  const placeOf = (i: number) => Math.floor(i / count) * channels + first + (i % count);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.round(255 * pixels[placeOf(i)]!);
  const decoded = await through(bytes, shape, count, quality);
  for (let i = 0; i < bytes.length; i++) result[placeOf(i)] = decoded[i]! / 255;
}

async function compressed(picture: Picture, quality: number): Promise<Float32Array> {
  const channels = picture.shape[2];
  const result = new Float32Array(picture.pixels.length);
  if (channels === 3) await compressInto(result, picture, { first: 0, count: 3 }, quality);
  else {
    for (let first = 0; first < channels; first++)
      await compressInto(result, picture, { first, count: 1 }, quality);
  }
  return result;
}

/**
 * Through a JPEG file of 8 bits; the amount is 100 less its quality.
 *
 * Images of other than three channels are compressed channel by channel. Hendrycks and Dietterich 2019,
 * arXiv:1903.12261. Qualities: MedMNIST-C, arXiv:2406.17536, for ChestMNIST.
 */
export const jpeg = defineCorruption({
  amounts: [50, 70, 85, 90, 93],
  prepare: (picture) => (amount) => compressed(picture, Math.max(1, Math.round(100 - amount))),
});
