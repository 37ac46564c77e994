// Decoded samples on the disk, so that a second run need not decode them again.
//
//   <directory>/<first two digits>/<key>: "MRS1", counts of pixels and labels, the class; float32 pixels, int32 labels; SHA-256 of all of it and the key

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { threadId } from 'node:worker_threads';
import sharp from 'sharp';
import { messageOf, RunError } from '../errors.ts';
import type { DatasetChoice } from './create.ts';
import { type Dataset, placesOf, type Sample } from './dataset.ts';

export interface DiskCacheOptions {
  readonly directory: string;
  /** What the directory may hold, in 10⁹ bytes; entries of other data make room, the oldest first. */
  readonly gigabytes: number;
}

/** An open cache; plain data, to be sent to workers. */
export interface DiskCache {
  readonly directory: string;
  /** By id of the sample. */
  readonly keys: ReadonlyMap<string, string>;
  /** Bytes that may still be written, for all threads. */
  readonly room: BigInt64Array<SharedArrayBuffer>;
}

const MAGIC = 0x3153524d;
const HEADER = 16;
const DIGEST = 32;

/** Another version may give other values. */
const decoders = [
  sharp.versions.sharp,
  ...['@napi-rs/image/package.json', 'dcmjs-codecs/package.json', '../../package.json'].map(
    (file) => (createRequire(import.meta.url)(file) as { version: string }).version,
  ),
];

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data);

/** What makes an entry the right one: the choice with all options, what the dataset says, and name, size and time of each file. */
async function keyOf(dataset: Dataset, choice: DatasetChoice, index: number): Promise<string> {
  const files = dataset.filesOf?.(index) ?? [];
  const identities = await Promise.all(
    files.map(async (file) => {
      // A file that is not there fails when it is read.
      const found = await stat(file).catch(() => undefined);
      return [resolve(file), found?.size, found?.mtimeMs];
    }),
  );
  // Labels and classes may come from elsewhere, such as a table or the other files.
  const { imageShape, classes, samples } = dataset;
  const { id, label, labels } = samples[index] as Dataset['samples'][number];
  const what = [imageShape, classes, id, label, labels, identities];
  return sha256(JSON.stringify([MAGIC, decoders, choice, ...what])).digest('hex');
}

function pathOf(directory: string, key: string): string {
  return join(directory, key.slice(0, 2), key);
}

function entrySize(dataset: Dataset): number {
  const [height, width, channels] = dataset.imageShape;
  const labels = dataset.task === 'classification' ? 0 : placesOf(dataset);
  return HEADER + 4 * (height * width * channels + labels) + DIGEST;
}

interface Entry {
  readonly key: string;
  readonly size: number;
  readonly time: number;
}

async function listEntries(directory: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const folder of await readdir(directory)) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue;
    for (const key of await readdir(join(directory, folder))) {
      // What another run renames or removes in the meantime is no entry.
      const found = await stat(join(directory, folder, key)).catch(() => undefined);
      if (found) entries.push({ key, size: found.size, time: found.mtimeMs });
    }
  }
  return entries.sort((a, b) => a.time - b.time);
}

/**
 * Opens the cache of a data set in a directory, which is made. Entries of other data, and what was left half-written, go,
 * the oldest first, as far as the room is needed. Throws `RunError` where the directory cannot be used.
 */
export async function openDiskCache(
  dataset: Dataset,
  choice: DatasetChoice,
  { directory: given, gigabytes }: DiskCacheOptions,
): Promise<DiskCache> {
  const directory = resolve(given);
  const limit = Math.floor(gigabytes * 1e9);
  const keys = new Map<string, string>();
  for (const [index, { id }] of dataset.samples.entries()) keys.set(id, await keyOf(dataset, choice, index));
  try {
    await mkdir(directory, { recursive: true });
    const entries = await listEntries(directory);
    const own = new Set(keys.values());
    const [ownEntries, others] = [true, false].map((is) =>
      entries.filter(({ key }) => own.has(key) === is),
    ) as [Entry[], Entry[]];
    let bytes = entries.reduce((sum, { size }) => sum + size, 0);
    const missing = (own.size - ownEntries.length) * entrySize(dataset);
    const remove = async ({ key, size }: Entry) => {
      await rm(pathOf(directory, key), { force: true });
      bytes -= size;
    };
    for (const entry of others) if (bytes + missing > limit) await remove(entry);
    for (const entry of ownEntries) if (bytes > limit) await remove(entry);
    const room = new BigInt64Array(new SharedArrayBuffer(8));
    room[0] = BigInt(Math.max(0, limit - bytes));
    return { directory, keys, room };
  } catch (error) {
    throw new RunError(
      `data.cache.directory: ${directory} cannot be used: ${messageOf(error)}. Choose another, or leave data.cache out.`,
    );
  }
}

function format(key: string, { pixels, label }: Sample): Buffer {
  const labels = typeof label === 'number' ? new Int32Array() : label;
  const header = new Int32Array([MAGIC, pixels.length, labels.length, typeof label === 'number' ? label : 0]);
  const bytesOf = (array: Float32Array | Int32Array) =>
    Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  const content = Buffer.concat([bytesOf(header), bytesOf(pixels), bytesOf(labels)]);
  return Buffer.concat([content, sha256(content).update(key).digest()]);
}

/** Undefined for what is not whole. */
function parse(key: string, id: string, bytes: Buffer, dataset: Dataset): Sample | undefined {
  if (bytes.length !== entrySize(dataset)) return undefined;
  const end = bytes.length - DIGEST;
  const digest = sha256(bytes.subarray(0, end)).update(key).digest();
  if (!digest.equals(bytes.subarray(end))) return undefined;
  const content = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + end);
  const [magic, values, places, label] = new Int32Array(content, 0, 4) as unknown as [
    number,
    number,
    number,
    number,
  ];
  if (magic !== MAGIC || HEADER + 4 * (values + places) !== end) return undefined;
  return {
    id,
    pixels: new Float32Array(content, HEADER, values),
    label: dataset.task === 'classification' ? label : new Int32Array(content, HEADER + 4 * values, places),
  };
}

/** Written aside and renamed; not synced, as what a crash tears is noticed by its checksum. */
async function write(path: string, bytes: Buffer): Promise<void> {
  const aside = `${path}.${process.pid}-${threadId}`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(aside, bytes);
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

/**
 * Reads from the cache what is there, and keeps what is not, while there is room. An entry that is damaged is made again; a
 * disk that cannot be written is no error, as every sample can be decoded.
 */
export function cacheOnDisk(dataset: Dataset, { directory, keys, room }: DiskCache): Dataset {
  return {
    ...dataset,
    async read(index) {
      const { id } = dataset.samples[index] as Dataset['samples'][number];
      const key = keys.get(id);
      if (key === undefined) return dataset.read(index);
      const path = pathOf(directory, key);
      const bytes = await readFile(path).catch(() => undefined);
      const kept = bytes && parse(key, id, bytes, dataset);
      if (kept) return kept;
      const sample = await dataset.read(index);
      const size = BigInt(entrySize(dataset) - (bytes?.length ?? 0));
      if (Atomics.sub(room, 0, size) < size) Atomics.add(room, 0, size);
      else await write(path, format(key, sample)).catch(() => Atomics.add(room, 0, size));
      return sample;
    },
  };
}
