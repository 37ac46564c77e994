import { type Choice, type Options, resolveChoice } from '../options.ts';
import type { Attack, AttackDefinition } from './attack.ts';
import * as registry from './registry.ts';

/** `{ name: 'pgd', steps: 20 }`. */
export type AttackChoice = Choice<typeof registry>;

/** The attack that a definition makes of its resolved options. */
export function attackOf(name: string, definition: AttackDefinition, options: Options): Attack {
  const { task, norms } = definition;
  const about = { name, options, ...(task && { task }), ...(norms && { norms }) };
  if (definition.perturb) {
    return { ...about, perturb: (images, context) => definition.perturb(images, context, options) };
  }
  if (definition.minimise) {
    const minimise: Attack['perturb'] = (images, context) => definition.minimise(images, context, options);
    return { ...about, minimise, perturb: minimise };
  }
  const direction: Attack['perturb'] = (images, context) => definition.direction(images, context, options);
  return {
    ...about,
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
