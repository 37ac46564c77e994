// Attacks that must not do more harm than the one that is measured.

import { type CurveCheck, compare, type Finding, type Measured, notApplicable } from './diagnostic.ts';
import { APART, atLeastOneImage, followsGradient, mostAbove, points } from './figures.ts';

/** The finding for the one of `others` that does most harm beyond `measured`. */
function beatenBy(
  { curve }: Measured,
  others: readonly Measured[],
  tolerance: number,
  than: string,
): Finding {
  const worst = others
    .map((other) => ({ name: other.curve.attack, ...mostAbove(curve, other.curve) }))
    .reduce((a, b) => (b.by > a.by ? b : a));
  const { name, epsilon, by } = worst;
  return compare(
    by,
    atLeastOneImage(tolerance, curve.images),
    () => `at epsilon ${epsilon}, ${name} takes ${points(by)} more than ${than}.`,
  );
}

/** A random direction did more than a gradient. */
export const noiseWins: CurveCheck = {
  name: 'noise-wins',
  number: 7,
  figure: 'what noise takes beyond the attack',
  needs: 'curves',
  check(measured, all) {
    if (!followsGradient(measured)) return notApplicable('the attack follows no gradient');
    if (measured.track.apart) return notApplicable(APART);
    // Others without gradients, such as the square attack, search.
    const noises = all.filter((other) => other.track.singleStep && !followsGradient(other));
    if (noises.length === 0) return notApplicable('no noise is measured');
    return beatenBy(measured, noises, 0, 'this attack');
  },
};

/** One step did more than many. */
export const singleStepWins: CurveCheck = {
  name: 'single-step-wins',
  number: 3,
  figure: 'what one step takes beyond the attack',
  needs: 'curves',
  check(measured, all) {
    const iterative = followsGradient(measured) && !measured.track.singleStep;
    if (!iterative) return notApplicable('the attack is not iterative');
    if (measured.track.apart) return notApplicable(APART);
    const single = all.filter(
      (other) => followsGradient(other) && other.track.singleStep && !other.track.apart,
    );
    if (single.length === 0) return notApplicable('no single-step attack is measured');
    return beatenBy(measured, single, 0.005, 'this iterative attack');
  },
};
