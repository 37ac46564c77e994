import type { Random } from '../../src/random.ts';

/** Numbers at which sizes, counts and offsets go wrong. */
const extremes = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

type Change = (bytes: Buffer, random: Random) => Buffer;

/** Half of the places lie in the first 600 bytes, where headers are. */
function placeIn(bytes: Buffer, random: Random): number {
  const near = random.uniform() < 0.5 ? Math.min(600, bytes.length) : bytes.length;
  return random.integer(Math.max(1, near));
}

const changes: readonly Change[] = [
  (bytes, random) => {
    const at = placeIn(bytes, random);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(8));
    return bytes;
  },
  (bytes, random) => {
    bytes[placeIn(bytes, random)] = random.integer(256);
    return bytes;
  },
  (bytes, random) => {
    const at = placeIn(bytes, random);
    const value = extremes[random.integer(extremes.length)] as number;
    const wide = random.uniform() < 0.5;
    if (at + (wide ? 4 : 2) > bytes.length) return bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const littleEndian = random.uniform() < 0.5;
    if (wide) view.setUint32(at, value, littleEndian);
    else view.setUint16(at, value & 0xffff, littleEndian);
    return bytes;
  },
  // Cut off, cut out, doubled.
  (bytes, random) => bytes.subarray(0, placeIn(bytes, random)),
  (bytes, random) => {
    const at = placeIn(bytes, random);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.integer(32))]);
  },
  (bytes, random) => {
    const at = placeIn(bytes, random);
    const end = at + 1 + random.integer(64);
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
  },
  (bytes, random) => {
    const at = placeIn(bytes, random);
    return Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from('9'.repeat(1 + random.integer(12))),
      bytes.subarray(at),
    ]);
  },
];

/** A copy of `bytes` with one to four changes. */
export function mutate(bytes: Uint8Array, random: Random): Buffer {
  let mutated = Buffer.from(bytes);
  for (let left = 1 + random.integer(4); left > 0; left--) {
    mutated = Buffer.from((changes[random.integer(changes.length)] as Change)(mutated, random));
  }
  return mutated;
}
