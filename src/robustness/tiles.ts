// Segmentation of images that are larger than a net takes: tile by tile.

import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import type { Classifier } from './target.ts';

export interface Tiles {
  /** Height and width of a tile. */
  readonly size: readonly [height: number, width: number];
  /** The least share of a tile that its neighbour covers too, in [0, 1). */
  readonly overlap: number;
}

/** Of the Gaussian that weighs the logits of a tile, as a share of its side: Isensee et al. 2021, nnU-Net. */
const SIGMA = 1 / 8;

/** Throws `UsageError` for a size or an overlap that is none, and for images that are smaller than a tile. */
export function checkTiles({ size, overlap }: Tiles, [height, width]: readonly number[]): void {
  if (!size.every((side) => Number.isInteger(side) && side > 0)) {
    throw new UsageError(`Size of tiles: expected whole numbers from 1, received ${size.join('x')}.`);
  }
  if (!(overlap >= 0 && overlap < 1)) {
    throw new UsageError(`Overlap of tiles: expected a number from 0 to below 1, received ${overlap}.`);
  }
  if (size[0] > (height ?? 0) || size[1] > (width ?? 0)) {
    throw new UsageError(
      `Tiles of ${size.join('x')}: expected images of at least that size; they are ${height}x${width}.`,
    );
  }
}

/** Where tiles begin along a side: evenly, the first and the last at its ends, each covering `overlap` of the next. */
export function tileStarts(length: number, tile: number, overlap: number): number[] {
  const count = Math.ceil((length - tile) / (tile * (1 - overlap))) + 1;
  const step = count > 1 ? (length - tile) / (count - 1) : 0;
  return Array.from({ length: count }, (_, i) => Math.round(i * step));
}

/** How much a tile counts at each of its pixels: 1 in its middle, exp(−8) at its border. */
function gaussian(length: number): number[] {
  const middle = (length - 1) / 2;
  const sigma = length * SIGMA;
  return Array.from({ length }, (_, i) => Math.exp(-((i - middle) ** 2) / (2 * sigma ** 2)));
}

/**
 * A segmenter of images of any size from `tiles.size` on, out of one that takes tiles: the logits of a pixel are the mean
 * of those of the tiles that cover it, weighted by a Gaussian around the middle of each.
 *
 * As nnU-Net predicts (Isensee et al. 2021, Nature Methods 18, 203), without its test-time mirroring. The logits have a
 * gradient by the whole image, so that an attack moves all of it against what the tiles say together, seams included; its
 * memory is that of all tiles. Throws `UsageError` as `checkTiles` does, and for a net that gives no logits a pixel.
 */
export function tiled(net: Classifier, tiles: Tiles): Classifier {
  const [tall, wide] = tiles.size;
  const weight = Float32Array.from(gaussian(tall).flatMap((y) => gaussian(wide).map((x) => y * x)));
  return {
    logits(images) {
      const [count, height, width, channels] = images.shape;
      checkTiles(tiles, [height, width]);
      return tf.tidy(() => {
        const weights = tf.tensor4d(weight, [1, tall, wide, 1]);
        const parts: tf.Tensor[] = [];
        const shares: tf.Tensor[] = [];
        for (const y of tileStarts(height, tall, tiles.overlap)) {
          for (const x of tileStarts(width, wide, tiles.overlap)) {
            const tile = tf.slice(images, [0, y, x, 0], [count, tall, wide, channels]);
            const logits = net.logits(tile as tf.Tensor4D);
            requireMap(logits, tiles.size);
            const around: [number, number][] = [
              [0, 0],
              [y, height - tall - y],
              [x, width - wide - x],
              [0, 0],
            ];
            parts.push(tf.pad(tf.mul(logits, weights), around));
            shares.push(tf.pad(weights, around));
          }
        }
        return tf.div(tf.addN(parts), tf.addN(shares));
      });
    },
  };
}

function requireMap({ shape }: tf.Tensor, [tall, wide]: Tiles['size']): void {
  if (shape.length === 4 && shape[1] === tall && shape[2] === wide) return;
  throw new UsageError(
    `Tiles are for segmentation: expected logits of every pixel of a tile, [batch, ${tall}, ${wide}, classes]; ` +
      `received [${shape}].`,
  );
}
