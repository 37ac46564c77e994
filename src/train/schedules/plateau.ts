import { requireOption } from '../../options.ts';
import { commonOptions, defineSchedule, requireFloor } from './schedule.ts';

/**
 * The rate is multiplied by `decay` whenever a measurement has not improved for more than `patience` epochs that
 * recorded it, and is `floor` of its start at least.
 *
 * As `torch.optim.lr_scheduler.ReduceLROnPlateau`, but any improvement counts, however small.
 */
export const plateau = defineSchedule({
  defaults: { ...commonOptions, measurement: 'validation/loss', decay: 0.1, patience: 10, floor: 0 },
  check({ decay, patience, floor }) {
    requireOption('plateau', 'decay', decay > 0 && decay < 1, 'a factor in (0, 1)', decay);
    const counts = Number.isSafeInteger(patience) && patience >= 0;
    requireOption('plateau', 'patience', counts, 'a whole number of epochs', patience);
    requireFloor('plateau', floor);
  },
  share({ history }, { measurement, decay, patience, floor }) {
    let share = 1;
    let [best, since] = [Number.NEGATIVE_INFINITY, 0];
    for (const value of history(measurement)) {
      since = value > best ? 0 : since + 1;
      best = Math.max(best, value);
      if (since <= patience) continue;
      [share, since] = [share * decay, 0];
    }
    return Math.max(share, floor);
  },
});
