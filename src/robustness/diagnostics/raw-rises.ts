import { type CurveCheck, compare, notApplicable } from './diagnostic.ts';
import { APART, atLeastOneImage, followsGradient, points } from './figures.ts';

/** The adversary did worse with more freedom. */
export const rawRises: CurveCheck = {
  name: 'raw-rises',
  number: 1,
  figure: 'largest rise of the raw curve',
  needs: 'curves',
  check(measured) {
    const { raw, images, metric, points: at } = measured.curve;
    if (!followsGradient(measured)) return notApplicable('noise owes nobody a falling curve');
    if (measured.track.apart) return notApplicable(APART);
    if (raw.length < 2) return notApplicable('the curve has one epsilon');
    const rises = raw.map((value, i) => (i === 0 ? 0 : value - (raw[i - 1] as number)));
    const largest = Math.max(...rises);
    return compare(largest, atLeastOneImage(0, images), () => {
      const { epsilon = 0 } = at[rises.indexOf(largest)] ?? {};
      return `${metric} is ${points(largest)} higher at epsilon ${Number(epsilon.toFixed(4))} than before it.`;
    });
  },
};
