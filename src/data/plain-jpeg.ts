// JPEG files with nothing unusual in them, decoded and resized in one call: for a small image, setting up a pipeline of
// libvips takes several times as long as decoding.

import { isMainThread } from 'node:worker_threads';
import type { Size } from './fit.ts';

/** Marker codes, the second byte after 0xff: ITU-T T.81, table B.1. */
const [SCAN, JFIF, END] = [0xda, 0xe0, 0xd9];
/** What may stand between scans: tables of Huffman codes and of quantisation, the restart interval, comments. */
const between = [0xc4, 0xdb, 0xdd, 0xfe];
/**
 * 512 × 512. Of larger images decoding takes longest, by any library; and what is decoded here is held until JavaScript collects
 * its garbage, of which it does not know how much memory that is.
 */
const mostPixels = 2 ** 18;

/** Sequential and progressive frames with Huffman codes. */
const frames = [0xc0, 0xc1, 0xc2];
/** Frames of other kinds; Exif (may turn the image), a colour profile, and Adobe's colour transform. */
const unusual = [0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf, 0xe1, 0xe2, 0xee];

/**
 * The size of a small JPEG that needs no more than decoding: 8 bits, grey or YCbCr, not turned, no colour profile, and with its
 * end where it should be. Undefined for every other file, and for one with markers in its packed data that do not belong there:
 * damage in the middle, of which libvips then says what it is.
 */
export function plainJpegSize(bytes: Uint8Array): Size | undefined {
  const word = (at: number) => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  if (word(0) !== 0xffd8 || word(bytes.length - 2) !== 0xffd9) return undefined;
  let size: Size | undefined;
  let jfif = false;
  for (let at = 2; bytes[at] === 0xff; at += 2 + word(at + 2)) {
    const marker = bytes[at + 1] as number;
    if (marker === SCAN) return markersHold(bytes, at) ? size : undefined;
    if (unusual.includes(marker)) return undefined;
    if (marker === JFIF) jfif = true;
    if (!frames.includes(marker)) continue;
    const [bits, components] = [bytes[at + 4], bytes[at + 9]];
    // Without JFIF only the names of the components tell YCbCr from RGB.
    const named = [10, 13, 16].every((place, i) => bytes[at + place] === i + 1);
    if (size || bits !== 8 || !(components === 1 || (components === 3 && (jfif || named)))) return undefined;
    size = { height: word(at + 5), width: word(at + 7) };
    if (size.height * size.width > mostPixels) return undefined;
  }
  return undefined;
}

/**
 * Whether the packed data from the scan at `at` on have no other markers than they may have, up to the end of the file. Bytes
 * that were overwritten nearly always give one that may not be there; a bit that was flipped seldom does.
 */
function markersHold(bytes: Uint8Array, at: number): boolean {
  for (let i = at; i >= 0 && i < bytes.length; i = bytes.indexOf(0xff, i + 2)) {
    const marker = bytes[i + 1] as number;
    if (marker === END) return i === bytes.length - 2;
    // A stuffed zero, a restart.
    if (marker === 0 || (marker >= 0xd0 && marker <= 0xd7)) continue;
    if (marker !== SCAN && !between.includes(marker)) return false;
    i += ((bytes[i + 2] ?? 0) << 8) | (bytes[i + 3] ?? 0);
  }
  return false;
}

let library: Promise<typeof import('@napi-rs/image')> | undefined;

/** Loaded when it is first needed, and asked for once: an import is looked up anew each time, which takes as long as an image. */
function loadLibrary(): Promise<typeof import('@napi-rs/image')> {
  library ??= import('@napi-rs/image');
  return library;
}

/** Decoded bytes, interleaved: one, three or four a pixel. */
export interface PlainPixels {
  readonly values: Uint8Array;
  readonly stride: number;
}

/**
 * Decodes a JPEG that is `plainJpegSize` and shrinks it to `to` with an antialiasing Lanczos kernel. Undefined where it is to be
 * enlarged, or cannot be decoded: libvips then does it, or says what is wrong.
 *
 * Packed data in which bits were flipped are decoded as far as they go, as viewers do; `requireSound` finds them.
 */
export async function decodePlainJpeg(
  bytes: Uint8Array,
  from: Size,
  to: Size,
): Promise<PlainPixels | undefined> {
  if (from.width < to.width || from.height < to.height) return undefined;
  const { FastResizeFilter, ResizeFit, Transformer } = await loadLibrary();
  try {
    const image = new Transformer(bytes);
    if (from.width > to.width || from.height > to.height) {
      const [filter, fit] = [FastResizeFilter.Lanczos3, ResizeFit.Fill];
      image.fastResize({ width: to.width, height: to.height, filter, fit });
    }
    // A worker has nothing else to do meanwhile, and handing over would cost it more.
    const values = isMainThread ? await image.rawPixels() : image.rawPixelsSync();
    const stride = values.length / (to.width * to.height);
    return [1, 3, 4].includes(stride) ? { values, stride } : undefined;
  } catch {
    return undefined;
  }
}
