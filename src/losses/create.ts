import { type Choice, type Options, resolveChoice } from '../options.ts';
import type { Loss, LossDefinition } from './loss.ts';
import * as registry from './registry.ts';

export type LossName = keyof typeof registry;
/** A loss by its name, with or without options: `'focal'`, `{ name: 'focal', gamma: 3 }`. */
export type LossChoice = LossName | Choice<typeof registry>;

/** Throws `UsageError` for an unknown name, an unknown option or one out of its range. */
export function lossOf(choice: LossChoice): Loss {
  const { definition, options } = resolveLoss(choice);
  return definition.create(options);
}

/** The same choice as an object with every option filled in. */
export function fillLoss(choice: LossChoice): Exclude<LossChoice, string> {
  const { name, options } = resolveLoss(choice);
  return { name, ...options } as Exclude<LossChoice, string>;
}

function resolveLoss(choice: LossChoice) {
  const definitions: Readonly<Record<string, LossDefinition<Options>>> = registry;
  return resolveChoice('loss', definitions, typeof choice === 'string' ? { name: choice } : choice);
}
