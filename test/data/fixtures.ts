// Small data sets, written to a folder that goes when the test ends.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import sharp from 'sharp';
import type { Dataset, SampleInfo, Task } from '../../src/data/dataset.ts';

export async function temporaryFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'medrobust-data-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly values: Uint8Array | Uint16Array;
}

/** A raster whose value at each row, column and channel is a function of them. */
export function raster(
  width: number,
  height: number,
  channels: 1 | 2 | 3 | 4,
  value: (row: number, column: number, channel: number) => number,
  bits: 8 | 16 = 8,
): Raster {
  const values = new (bits === 8 ? Uint8Array : Uint16Array)(width * height * channels);
  for (let i = 0; i < values.length; i++) {
    const pixel = Math.floor(i / channels);
    values[i] = value(Math.floor(pixel / width), pixel % width, i % channels);
  }
  return { width, height, channels, values };
}

/** Writes an image in the format of the file's extension, in as many bits as its values have; makes folders. */
export async function writeImage(file: string, image: Raster, orientation?: number): Promise<string> {
  const { width, height, channels, values } = image;
  await mkdir(dirname(file), { recursive: true });
  const grey = channels < 3;
  const space = values instanceof Uint16Array ? (grey ? 'grey16' : 'rgb16') : grey ? 'b-w' : 'srgb';
  let encoder = sharp(values, { raw: { width, height, channels } }).toColourspace(space);
  if (orientation !== undefined) encoder = encoder.withMetadata({ orientation });
  if (file.endsWith('.jpg')) encoder = encoder.jpeg({ quality: 100, chromaSubsampling: '4:4:4' });
  await encoder.toFile(file);
  return file;
}

/** A small colour image that differs by `seed`. */
export function colours(seed: number, width = 12, height = 10): Raster {
  return raster(
    width,
    height,
    3,
    (row, column, channel) => (seed * 37 + row * 11 + column * 7 + channel * 50) % 256,
  );
}

export async function writeText(file: string, text: string | Uint8Array): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

/** A dataset without files: the pixels of sample i are all i / 1000. */
export function memoryDataset(
  samples: readonly SampleInfo[],
  { task = 'classification' as Task, read }: { task?: Task; read?: Dataset['read'] } = {},
): Dataset {
  return {
    name: 'memory',
    task,
    imageShape: [2, 3, 1],
    classes: ['a', 'b', 'c'],
    samples,
    read:
      read ??
      (async (index) => {
        const { id, label } = samples[index] as SampleInfo;
        const map = Int32Array.from({ length: 6 }, (_, i) => (index + i) % 3);
        return {
          id,
          pixels: new Float32Array(6).fill(index / 1000),
          label: task === 'segmentation' ? map : (label ?? 0),
        };
      }),
  };
}

/** `count` samples, each its own patient, with the labels 0, 1, 2 in turn. */
export function numbered(count: number): SampleInfo[] {
  return Array.from({ length: count }, (_, i) => ({ id: `s${i}`, patient: `s${i}`, label: i % 3 }));
}

/** `error.message` holds every one of `parts`. */
export function says(kind: new (...args: never[]) => Error, ...parts: string[]): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof kind)) throw error;
    const missing = parts.filter((part) => !error.message.includes(part));
    if (missing.length) throw new Error(`expected "${missing.join('", "')}" in: ${error.message}`);
    if (error.message.includes('\n')) throw new Error(`expected one line: ${error.message}`);
    return true;
  };
}
