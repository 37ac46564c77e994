import { listChoices, UsageError } from '../errors.ts';
import type { Loss } from './loss.ts';
import * as registry from './registry.ts';

export type LossName = keyof typeof registry;

const losses: Readonly<Record<LossName, Loss>> = registry;

/** The loss of this name; `UsageError` where there is none. */
export function lossOf(name: LossName): Loss {
  if (Object.hasOwn(losses, name)) return losses[name];
  throw new UsageError(`There is no loss "${name}". Choose one of: ${listChoices(Object.keys(losses))}.`);
}
