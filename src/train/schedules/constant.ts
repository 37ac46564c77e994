import { commonOptions, defineSchedule } from './schedule.ts';

/** The same rate throughout, after the warm-up. */
export const constant = defineSchedule({
  defaults: commonOptions,
  check: () => {},
  share: () => 1,
});
