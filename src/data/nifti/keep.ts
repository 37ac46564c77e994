/**
 * Loads by index and keeps what was used last, up to `maxBytes`: neighbouring slices come from one volume.
 * One is loaded at a time, so that a shuffled batch does not hold them all.
 */
export function keepRecent<T>(
  load: (index: number) => Promise<T>,
  bytesOf: (value: T) => number,
  maxBytes: number,
): (index: number) => Promise<T> {
  const held = new Map<number, { readonly value: Promise<T>; bytes: number }>();
  let bytes = 0;
  let last: Promise<unknown> = Promise.resolve();
  const drop = (index: number) => {
    bytes -= held.get(index)?.bytes ?? 0;
    held.delete(index);
  };
  const loadNext = (index: number) => {
    const value = last.then(() => load(index));
    const entry = { value, bytes: 0 };
    held.set(index, entry);
    const settle = (loaded: T) => {
      entry.bytes = bytesOf(loaded);
      bytes += entry.bytes;
      // The first in the map was used longest ago; what is loading has no bytes yet.
      for (const [oldest, { bytes: size }] of held) {
        if (bytes <= maxBytes) break;
        if (size > 0) drop(oldest);
      }
    };
    last = value.then(settle, () => drop(index));
    return value;
  };
  return (index) => {
    const known = held.get(index);
    if (!known) return loadNext(index);
    held.delete(index);
    held.set(index, known);
    return known.value;
  };
}
