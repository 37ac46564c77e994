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
  const [descriptor, content] = [item?.elements.x00283002, item?.elements.x00283006];
  if (!item || !descriptor || descriptor.length < 6 || !content) throw new Error(`its ${name} is damaged`);
  const hasSign = descriptor.vr === 'SS' || (descriptor.vr !== 'US' && signed);
  // 0 entries stand for 65536, the number that 16 bits cannot hold.
  const count = item.uint16('x00283002', 0) || 65536;
  const first = (hasSign ? item.int16('x00283002', 1) : item.uint16('x00283002', 1)) ?? 0;
  const bits = item.uint16('x00283002', 2) ?? 0;
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
