import { type Choice, type Options, resolveChoice } from '../options.ts';
import type { Attack, AttackDefinition } from './attack.ts';
import * as registry from './registry.ts';

/** `{ name: 'pgd', steps: 20 }`. */
export type AttackChoice = Choice<typeof registry>;

/** The attack that a definition makes of its resolved options. */
export function attackOf(name: string, definition: AttackDefinition, options: Options): Attack {
  if (definition.perturb) {
    return { name, options, perturb: (images, context) => definition.perturb(images, context, options) };
  }
  const direction: Attack['perturb'] = (images, context) => definition.direction(images, context, options);
  return {
    name,
    options,
    direction,
    perturb: (images, context) => images.add(direction(images, context).mul(context.ball.epsilon)),
  };
}

/** Finds the attack and checks its options; throws `UsageError` for what it does not have or cannot take. */
export function createAttack(choice: AttackChoice): Attack {
  const { name, definition, options } = resolveChoice<AttackDefinition>('attack', registry, choice);
  definition.check?.(options);
  return attackOf(name, definition, options);
}
