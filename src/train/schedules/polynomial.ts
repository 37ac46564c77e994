import { requireOption } from '../../options.ts';
import { commonOptions, defineSchedule, requireFloor } from './schedule.ts';

/**
 * The rate is (1 − the part of the run that has passed)^power of itself, and `floor` at least.
 *
 * With 0.9 the schedule "poly" of Chen et al. 2016, DeepLab, arXiv:1606.00915, section 4.1.2, usual for segmentation.
 */
export const polynomial = defineSchedule({
  defaults: { ...commonOptions, power: 0.9, floor: 0 },
  check({ power, floor }) {
    requireOption('polynomial', 'power', power > 0, 'more than 0', power);
    requireFloor('polynomial', floor);
  },
  share: ({ passed, epochs }, { power, floor }) => floor + (1 - floor) * (1 - passed / epochs) ** power,
});
