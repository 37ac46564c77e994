import { requireOption } from '../../options.ts';
import { commonOptions, defineSchedule } from './schedule.ts';

/** From `from` to `to`, along half a cosine; `part` in [0, 1]. */
function between(from: number, to: number, part: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * part))) / 2;
}

/**
 * The rate grows from 1 / `initialDivisor` of itself to all of it over the first `rise` of the run, then falls to
 * 1 / (`initialDivisor` · `finalDivisor`), both along half a cosine.
 *
 * Smith and Topin 2017, arXiv:1708.07120, section 4, as in `torch.optim.lr_scheduler.OneCycleLR`, whose defaults
 * these are, but for the momentum, which stays.
 */
export const oneCycle = defineSchedule({
  defaults: { ...commonOptions, rise: 0.3, initialDivisor: 25, finalDivisor: 10_000 },
  check({ rise, initialDivisor, finalDivisor }) {
    requireOption('oneCycle', 'rise', rise > 0 && rise < 1, 'a part of the run in (0, 1)', rise);
    requireOption('oneCycle', 'initialDivisor', initialDivisor >= 1, 'at least 1', initialDivisor);
    requireOption('oneCycle', 'finalDivisor', finalDivisor >= 1, 'at least 1', finalDivisor);
  },
  share({ passed, epochs }, { rise, initialDivisor, finalDivisor }) {
    const [part, start] = [passed / epochs, 1 / initialDivisor];
    if (part < rise) return between(start, 1, part / rise);
    return between(1, start / finalDivisor, (part - rise) / (1 - rise));
  },
});
