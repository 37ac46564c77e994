// Look-up tables of grey values: PS3.3, sections C.11.1.1 (modality) and C.11.2.1.1 (values of interest).

import type { DataSet } from 'dicom-parser';
import type { NumberArray } from '../numbers.ts';

export interface LookupTable {
  /** The value that the first entry is for; those below have it too, and those beyond the last have that. */
  readonly first: number;
  readonly entries: Uint8Array | Uint16Array;
  /** Entries lie in 0 … 2^bits − 1. */
  readonly bits: number;
}

/**
 * What a table says of itself: PS3.3, sections C.11.1.1.1 and C.7.6.3.1.5. `signed` is how its first value is read where the
 * file does not say. Undefined where it is missing or short.
 */
export function readDescriptor(data: DataSet, tag: string, signed: boolean) {
  const element = data.elements[tag];
  if (!element || element.length < 6) return undefined;
  const hasSign = element.vr === 'SS' || (element.vr !== 'US' && signed);
  return {
    // 0 entries stand for 65536, the number that 16 bits cannot hold.
    count: data.uint16(tag, 0) || 65536,
    first: (hasSign ? data.int16(tag, 1) : data.uint16(tag, 1)) ?? 0,
    bits: data.uint16(tag, 2) ?? 0,
  };
}

/**
 * The table in the first item of the sequence at `tag`; undefined where there is none. `signed` is how a first value is read
 * whose type the file does not say. Throws an `Error` for a table that is damaged.
 */
export function lookupTable(
  data: DataSet,
  tag: string,
  name: string,
  { signed, bigEndian }: { readonly signed: boolean; readonly bigEndian: boolean },
): LookupTable | undefined {
  const sequence = data.elements[tag];
  if (!sequence) return undefined;
  const item = sequence.items?.[0]?.dataSet;
  const descriptor = item && readDescriptor(item, 'x00283002', signed);
  const content = item?.elements.x00283006;
  if (!descriptor || !content) throw new Error(`its ${name} is damaged`);
  const { count, first, bits } = descriptor;
  if (bits < 1 || bits > 16) throw new Error(`its ${name} has entries of ${bits} bits, expected 1 to 16`);
  const bytes = item.byteArray.subarray(content.dataOffset, content.dataOffset + content.length);
  // Bytes where that is all there are: one may follow to make the length even.
  if (bits <= 8 && (bytes.length === count || bytes.length === count + (count % 2)))
    return { first, bits, entries: bytes.slice(0, count) };
  if (bytes.length < 2 * count) throw new Error(`its ${name} has fewer than its ${count} entries`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries = Uint16Array.from({ length: count }, (_, i) => view.getUint16(2 * i, !bigEndian));
  return { first, bits, entries };
}

/** What the table has for each value. */
export function lookUp({ first, entries }: LookupTable, values: NumberArray | Float32Array): Float32Array {
  const last = entries.length - 1;
  return Float32Array.from(
    values,
    (value) => entries[Math.min(last, Math.max(0, Math.round(value - first)))] as number,
  );
}
