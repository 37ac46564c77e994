// How checks write and compare figures.

import type { RobustnessCurve } from '../curve.ts';
import type { Measured } from './diagnostic.ts';

const short = (value: number) => Number(value.toPrecision(3));

export const percent = (share: number) => `${short(100 * share)} %`;
export const points = (difference: number) => `${short(100 * difference)} points`;
export const plain = (value: number) => `${short(value)}`;

export const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Rounding in sums of scores is not a difference. */
const rounding = 1e-6;

/** `tolerance` in the mean over so many images, but never less than one image. */
export const atLeastOneImage = (tolerance: number, images: number) =>
  Math.max(tolerance, 1 / images) + rounding;

export const followsGradient = ({ track }: Pick<Measured, 'track'>) => track.log.gradients > 0;

/** Why an attack is not compared with others, nor with itself at another epsilon. */
export const APART = 'the attack is made on another net, for all images together or with another aim';

/** Where `curve` is most above `other`. */
export function mostAbove(curve: RobustnessCurve, other: RobustnessCurve): { epsilon: number; by: number } {
  const differences = curve.points.map(({ epsilon, value }, i) => ({
    epsilon,
    by: value - (other.points[i]?.value ?? value),
  }));
  return differences.reduce((a, b) => (b.by > a.by ? b : a), { epsilon: 0, by: 0 });
}
