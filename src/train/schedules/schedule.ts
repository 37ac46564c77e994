// The contract of schedules: how the learning rate moves over a run. A schedule is a function of where the run is and
// of its records, and keeps nothing, so that a resumed run goes on with the rates of an uninterrupted one.

import { type Options, requireOption, type Widen } from '../../options.ts';

/** Where a run is when a step begins, in epochs. */
export interface Moment {
  /** Passed since the start, the part of this one included: 1.5 in the middle of the second. */
  readonly passed: number;
  /** Of the whole run. */
  readonly epochs: number;
  /** A measurement, epoch by epoch, of the epochs that recorded it; negated where lower is better. */
  history(measurement: string): readonly number[];
}

/** Options of every schedule. */
export const commonOptions = {
  /** Epochs, or a part of one, over which the rate first grows evenly to its start. Goyal et al. 2017, arXiv:1706.02677. */
  warmUp: 0,
};

export interface CommonOptions extends Options {
  readonly warmUp: number;
}

export interface ScheduleDefinition<T extends CommonOptions = CommonOptions> {
  readonly defaults: T;
  /** Throws `UsageError` for an option of its own out of its range. */
  check(options: Widen<T>): void;
  /** The share of the optimizer's learning rate; `at` counts from the end of the warm-up. */
  share(at: Moment, options: Widen<T>): number;
}

/** Names the types of a definition; the identity at run time. */
export function defineSchedule<const T extends CommonOptions>(
  definition: ScheduleDefinition<T>,
): ScheduleDefinition<T> {
  return definition;
}

export function requireFloor(owner: string, floor: number): void {
  requireOption(owner, 'floor', floor >= 0 && floor <= 1, 'a share in [0, 1]', floor);
}
