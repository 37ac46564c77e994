import { type Choice, requireOption, resolveChoice } from '../options.ts';
import type { EpochRecord } from './callback.ts';
import type { Experiment } from './experiment.ts';
import { betterOf } from './measurements.ts';
import * as registry from './schedules/registry.ts';
import type { CommonOptions, Moment, ScheduleDefinition } from './schedules/schedule.ts';

export type ScheduleChoice = Choice<typeof registry>;

/** Where a run stands before a step. */
interface Place {
  /** Epochs since the start, with the part of this one. */
  readonly passed: number;
  /** What a step adds to `passed`. */
  readonly step: number;
  readonly records: readonly EpochRecord[];
}

/** Throws `UsageError` for an unknown name, an unknown option or one out of its range. */
export function checkSchedule(choice: ScheduleChoice, epochs: number): void {
  const { name, definition, options } = resolve(choice);
  const { warmUp } = options;
  requireOption(
    name,
    'warmUp',
    warmUp >= 0 && warmUp < epochs,
    `0 or more, less than the ${epochs} epochs`,
    warmUp,
  );
  definition.check(options);
}

/**
 * The share of the optimizer's learning rate for the step that begins when `passed` epochs have passed; 1 without a
 * schedule. During the warm-up it grows evenly, to the schedule's start with the last step.
 */
export function learningRateShare(experiment: Experiment, { passed, step, records }: Place): number {
  const { schedule, epochs } = experiment;
  if (!schedule) return 1;
  const { definition, options } = resolve(schedule);
  const { warmUp } = options;
  const at: Moment = {
    passed: Math.max(0, passed - warmUp),
    epochs: epochs - warmUp,
    history(measurement) {
      const sign = betterOf(experiment, measurement) === 'higher' ? 1 : -1;
      const values = records.map(({ measurements }) => measurements[measurement]);
      return values.filter((value) => value !== undefined).map((value) => sign * value);
    },
  };
  const warm = warmUp > 0 ? Math.min(1, (passed + step) / warmUp) : 1;
  return warm * definition.share(at, options);
}

function resolve(choice: ScheduleChoice) {
  const definitions: Readonly<Record<string, ScheduleDefinition>> = registry;
  const { name, definition, options } = resolveChoice('schedule', definitions, choice);
  return { name, definition, options: options as CommonOptions };
}
