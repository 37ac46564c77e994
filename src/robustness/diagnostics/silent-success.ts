import { type CurveCheck, compare, notApplicable } from './diagnostic.ts';

/** The attack passed a success on its way and returned something else. */
export const silentSuccess: CurveCheck = {
  name: 'silent-success',
  number: 13,
  figure: 'images fooled on the way that the curve does not have',
  needs: 'curves',
  check({ track: { silent } }) {
    if (silent === undefined) return notApplicable('not an attack by steps on a classifier');
    return compare(
      silent,
      0,
      () =>
        `${silent} images were fooled on the way within the largest epsilon, and the curve does not have them.`,
    );
  },
};
