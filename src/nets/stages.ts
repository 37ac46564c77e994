// Options that say how large a family's net is, and sizes of images that it can take.

import { UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';

/**
 * What an option such as `stageDepths` lists, or `published` where the list is empty. Throws `UsageError`, naming
 * `owner`, for a list that has not one positive integer for each of the published stages; with `length: 'any'`, of
 * another number of stages.
 */
export function readStages(
  owner: string,
  option: string,
  listed: readonly (number | string)[],
  published: readonly number[],
  length: 'published' | 'any' = 'published',
): readonly number[] {
  if (listed.length === 0) return published;
  const count = length === 'any' ? '' : `${published.length} `;
  const fits = length === 'any' || listed.length === published.length;
  const holds = fits && listed.every((value) => Number.isInteger(value) && (value as number) > 0);
  requireOption(owner, option, holds, `${count}positive integers, such as [${published}]`, listed);
  return listed as readonly number[];
}

/** Refuses a multiplier of channels that is not positive. */
export function requireWidth(owner: string, width: number): void {
  requireOption(owner, 'width', width > 0, 'a positive number', width);
}

/** Refuses a rate of dropout outside [0, 1). */
export function requireRate(owner: string, rate: number): void {
  requireOption(owner, 'dropout', rate >= 0 && rate < 1, 'a number in [0, 1)', rate);
}

/** Refuses a share of squeeze-and-excitation outside [0, 1]. */
export function requireRatio(owner: string, ratio: number): void {
  requireOption(owner, 'seRatio', ratio >= 0 && ratio <= 1, 'a number in [0, 1]', ratio);
}

/** Refuses images with a side shorter than `smallest`. */
export function requireSide(
  owner: string,
  [height, width]: readonly [number, number, number],
  smallest: number,
  advice: string,
): void {
  if (Math.min(height, width) >= smallest) return;
  throw new UsageError(
    `${owner}: expected images of at least ${smallest} × ${smallest}, received ${height} × ${width}. ${advice}`,
  );
}

/** The units that stand between the two layers of squeeze-and-excitation for so many channels. */
export function reducedBy(seRatio: number, channels: number): number {
  return Math.max(1, Math.floor(channels * seRatio));
}
