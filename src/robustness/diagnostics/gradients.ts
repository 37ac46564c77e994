import { type CurveCheck, compare, type Measured, notApplicable } from './diagnostic.ts';
import { followsGradient, percent } from './figures.ts';

function shareOf(kind: 'broken' | 'zero', { track: { log } }: Measured): number {
  return log[kind] / log.gradients;
}

/** NaN or infinity where the attack needs a direction. */
export const brokenGradients: CurveCheck = {
  name: 'broken-gradients',
  number: 9,
  figure: 'share of the gradients with NaN or infinity',
  needs: 'curves',
  check(measured) {
    if (!followsGradient(measured)) return notApplicable('the attack follows no gradient');
    const share = shareOf('broken', measured);
    return compare(share, 0, () => `${percent(share)} of the gradients hold NaN or infinity.`);
  },
};

/** No direction at all. */
export const zeroGradients: CurveCheck = {
  name: 'zero-gradients',
  number: 9,
  figure: 'share of the gradients that are 0 everywhere',
  needs: 'curves',
  check(measured) {
    if (!followsGradient(measured)) return notApplicable('the attack follows no gradient');
    const share = shareOf('zero', measured);
    return compare(share, 0, () => `${percent(share)} of the gradients are 0 everywhere.`);
  },
};
