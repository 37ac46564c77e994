import { commonOptions, defineSchedule, requireFloor } from './schedule.ts';

/**
 * The rate falls along half a cosine to `floor` of itself at the end of the run.
 *
 * Loshchilov and Hutter 2016, SGDR, arXiv:1608.03983, equation 5, without restarts.
 */
export const cosine = defineSchedule({
  defaults: { ...commonOptions, floor: 0 },
  check: ({ floor }) => requireFloor('cosine', floor),
  share: ({ passed, epochs }, { floor }) =>
    floor + ((1 - floor) * (1 + Math.cos((Math.PI * passed) / epochs))) / 2,
});
