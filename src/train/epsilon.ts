import { formatEpsilon } from '../report/numbers.ts';

/** `8/255` where it is one, else four decimals: as everywhere that numbers are shown. */
export function epsilonOf(epsilon: number): string {
  return formatEpsilon(epsilon);
}
