import { formatEpsilon } from '../report/numbers.ts';

/** `8/255` where it is one and in linf, else four decimals: as everywhere that numbers are shown. */
export function epsilonOf(epsilon: number, norm = 'linf'): string {
  return formatEpsilon(epsilon, norm);
}
