// The format of safetensors: eight bytes of header length (little-endian), a header in JSON that says type, shape and
// place of each tensor, then the data. https://github.com/huggingface/safetensors, README, section Format.

import { messageOf, UsageError } from '../errors.ts';
import { type StoredTensor, type StoredTensors, sizeOf } from './tensors.ts';

/** Bytes of an element. */
const widths: Readonly<Record<string, number>> = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
};

/** The reference reads no longer header. */
const longestHeader = 100_000_000;

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Of its first byte and behind its last, counted from the end of the header. */
  readonly data_offsets: readonly [begin: number, end: number];
}

export interface Safetensors {
  readonly tensors: StoredTensors;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads a whole file; `owner` is what errors call it. The tensors share the memory of `file`.
 *
 * Throws `UsageError` for what is no safetensors file, or a damaged one: as in the reference, the tensors fill the file
 * without a gap and do not overlap.
 */
export function parseSafetensors(file: Uint8Array, owner: string): Safetensors {
  const { header, data } = splitFile(file, owner);
  const { __metadata__: metadata = {}, ...entries } = header;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(entries)) {
    const problem = problemOf(entry, data.length);
    if (problem) throw damaged(owner, `${name} ${problem}`);
    const { dtype, shape, data_offsets } = entry as Entry;
    tensors.set(name, { dtype, shape, bytes: data.subarray(...data_offsets) });
  }
  requireFilled(entries as Record<string, Entry>, data.length, owner);
  return { tensors, metadata: metadata as Record<string, string> };
}

function splitFile(file: Uint8Array, owner: string): { header: Record<string, unknown>; data: Uint8Array } {
  if (file.length < 8)
    throw damaged(owner, `it has ${file.length} bytes, fewer than the 8 of a header length`);
  const length = Number(new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true));
  if (length > longestHeader || length > file.length - 8) {
    throw damaged(owner, `it says that its header has ${length} bytes; the file has ${file.length}`);
  }
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file.subarray(8, 8 + length)));
  } catch (error) {
    throw damaged(owner, `its header is not JSON (${messageOf(error)})`);
  }
  if (!isObject(header)) throw damaged(owner, 'its header is not an object');
  return { header, data: file.subarray(8 + length) };
}

/** What is wrong with the entry of one tensor, by itself. */
function problemOf(entry: unknown, available: number): string | undefined {
  if (!isObject(entry)) return 'has no type, shape and place';
  const missing = ['dtype', 'shape', 'data_offsets'].find((key) => !Object.hasOwn(entry, key));
  if (missing) return `has no ${missing}`;
  const { dtype, shape, data_offsets: place } = entry as unknown as Entry;
  const width = widths[dtype];
  if (width === undefined) return `has the unknown type ${JSON.stringify(dtype)}`;
  if (!Array.isArray(shape) || !shape.every(isNatural)) return `has the shape ${JSON.stringify(shape)}`;
  const isPlace = Array.isArray(place) && place.length === 2 && place.every(isNatural);
  if (!isPlace || place[0] > place[1] || place[1] > available) {
    return `lies at ${JSON.stringify(place)} of ${available} bytes of data`;
  }
  const [expected, received] = [sizeOf(shape) * width, place[1] - place[0]];
  if (expected === received) return undefined;
  return `of shape [${shape.join(', ')}] and type ${dtype} takes ${expected} bytes, and has ${received}`;
}

function requireFilled(entries: Readonly<Record<string, Entry>>, available: number, owner: string): void {
  const places = Object.entries(entries).map(([name, { data_offsets }]) => ({ name, place: data_offsets }));
  places.sort((a, b) => a.place[0] - b.place[0] || a.place[1] - b.place[1]);
  let filled = 0;
  for (const { name, place } of places) {
    if (place[0] < filled) throw damaged(owner, `${name} overlaps the tensor before it`);
    if (place[0] > filled)
      throw damaged(owner, `${place[0] - filled} bytes before ${name} belong to no tensor`);
    filled = place[1];
  }
  if (filled < available) throw damaged(owner, `its last ${available - filled} bytes belong to no tensor`);
}

/** The bytes of a file. Metadata are for whoever reads it. */
export function formatSafetensors(
  tensors: StoredTensors,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  // Wide types first, so that each tensor begins at a multiple of its element.
  const ordered = [...tensors].sort(([, a], [, b]) => widths[b.dtype]! - widths[a.dtype]!);
  let end = 0;
  const entries = ordered.map(([name, { dtype, shape, bytes }]): [string, Entry] => {
    const begin = end;
    end += bytes.length;
    return [name, { dtype, shape, data_offsets: [begin, end] }];
  });
  const described = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  const json = Buffer.from(JSON.stringify({ ...described, ...Object.fromEntries(entries) }));
  // Spaces bring the data to a multiple of 8 bytes.
  const header = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, ...ordered.map(([, { bytes }]) => bytes)]);
}

function damaged(owner: string, what: string): UsageError {
  return new UsageError(`${owner} is not a whole safetensors file: ${what}.`);
}

function isNatural(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
