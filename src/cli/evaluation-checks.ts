// What `medrobust evaluate` refuses, as it would be passed over or mean something else than it seems to.

import { UsageError } from '../errors.ts';
import type { Experiment } from '../train/experiment.ts';
import type { Subject } from './subject.ts';

/** Epsilons of one norm mean nothing in another: throws `UsageError` where the norm alone is changed. */
export function refuseOtherEpsilons(
  own: Experiment,
  { robustness }: Experiment,
  { epsilons, set }: { readonly epsilons: string | undefined; readonly set: readonly string[] },
): void {
  const before = own.robustness?.norm ?? 'linf';
  const given = epsilons !== undefined || set.some((change) => change.startsWith('robustness.epsilons='));
  if (!robustness || robustness.norm === before || given) return;
  throw new UsageError(
    `The epsilons are in ${before}: for ${robustness.norm} give others, such as --epsilons 0,1,2.`,
  );
}

/** Throws `UsageError` for a change of what a run has kept, as it is measured on that. */
export async function refuseKeptData({ run }: Subject, set: readonly string[]): Promise<void> {
  const { readDataRecord } = await import('../train/data-record.ts');
  const kept = run === undefined ? undefined : await readDataRecord(run);
  const parts = [...(kept ? ['split'] : []), ...(kept?.intensity ? ['intensity'] : [])];
  const other = set.find((change) => parts.some((part) => change.startsWith(`data.${part}`)));
  if (other === undefined) return;
  throw new UsageError(
    `--set ${other}: a run is measured on the division and the windows that it was trained with. Leave it out.`,
  );
}
