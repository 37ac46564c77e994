import type { Experiment } from './experiment.ts';

/**
 * Over how many epochs robustness is measured after this one, those since it was measured last: of all of them it may have
 * a share of the time. 0 where it is not measured.
 */
export function epochsDue({ robustness, epochs }: Experiment, epoch: number): number {
  if (!robustness || (epoch % robustness.everyEpochs !== 0 && epoch !== epochs)) return 0;
  return epoch % robustness.everyEpochs || robustness.everyEpochs;
}
