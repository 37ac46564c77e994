import { rowsOf } from '../../attacks/rows.ts';
import type { Subject } from './diagnostic.ts';
import { lengthOf, slopesOf, tidied } from './probing.ts';

/**
 * Lengths in l2 of the gradients of the loss by the clean images: the least, each tenth of the images, and the greatest,
 * eleven in all. A length that is no number is left out.
 */
export function gradientLengths({ batches, ...subject }: Subject): number[] {
  const lengths = batches.flatMap((batch) =>
    tidied(() => rowsOf(slopesOf({ ...subject, ...batch }, batch.images)).map(lengthOf)),
  );
  const sorted = lengths.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return [];
  return Array.from({ length: 11 }, (_, i) => sorted[Math.round((i / 10) * (sorted.length - 1))] as number);
}
