import { requireOption } from '../../options.ts';
import { commonOptions, defineSchedule } from './schedule.ts';

/** The rate is multiplied by `decay` after every `every` epochs, as in `torch.optim.lr_scheduler.StepLR`. */
export const step = defineSchedule({
  defaults: { ...commonOptions, every: 10, decay: 0.1 },
  check({ every, decay }) {
    requireOption('step', 'every', every > 0, 'more than 0 epochs', every);
    requireOption('step', 'decay', decay > 0 && decay <= 1, 'a factor in (0, 1]', decay);
  },
  share: ({ passed }, { every, decay }) => decay ** Math.floor(passed / every),
});
