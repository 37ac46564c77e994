import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import { type Choice, type Options, resolveChoice } from '../options.ts';
import type { Attack, AttackDefinition } from './attack.ts';
import * as registry from './registry.ts';
import { replaceRows, takeRows } from './rows.ts';

/**
 * `{ name: 'pgd', steps: 20 }`. `as` is what the attack is called in results, its name without: so the same attack can
 * stand there several times, with other options.
 */
export type AttackChoice = Choice<typeof registry> & { readonly as?: string };

/** What the attack of a choice is called in results. */
export const labelOf = ({ name, as: label = name }: Pick<AttackChoice, 'name' | 'as'>): string => label;

type Perturb = Attack['perturb'];

/** The same for the images at `rows` alone. */
function ofRows(perturb: Perturb, rows: (...of: Parameters<Perturb>) => readonly number[]): Perturb {
  return (images, context) => {
    const chosen = rows(images, context);
    if (chosen.length === 0) return images.clone();
    if (chosen.length === images.shape[0]) return perturb(images, context);
    return tf.tidy(() =>
      replaceRows(images, chosen, perturb(takeRows(images, chosen), context.take(chosen))),
    );
  };
}

/** The attack that a definition makes of its resolved options. */
export function attackOf(name: string, definition: AttackDefinition, options: Options): Attack {
  const { task, norms, together, rows } = definition;
  const about = {
    ...{ name, options },
    ...(task && { task }),
    ...(norms && { norms }),
    ...(together && { together }),
  };
  const where = (perturb: Perturb) =>
    rows ? ofRows(perturb, (images, context) => rows(images, context, options)) : perturb;
  if (definition.perturb) {
    return { ...about, perturb: where((images, context) => definition.perturb(images, context, options)) };
  }
  if (definition.minimise) {
    const minimise = where((images, context) => definition.minimise(images, context, options));
    return { ...about, minimise, perturb: minimise };
  }
  const direction: Perturb = (images, context) => definition.direction(images, context, options);
  return {
    ...about,
    direction,
    perturb: (images, context) => images.add(direction(images, context).mul(context.ball.epsilon)),
  };
}

/** Labels are parts of tags and of file names. */
function requireLabel(label: string): void {
  const fits = typeof label === 'string' && /^[A-Za-z0-9][\w.-]*$/.test(label) && label !== 'worst';
  if (fits) return;
  throw new UsageError(
    `"as" of an attack: expected letters, digits, ".", "_" and "-", and not worst; received ${JSON.stringify(label)}.`,
  );
}

/** Finds the attack and checks its options; throws `UsageError` for what it does not have or cannot take. */
export function createAttack(choice: AttackChoice): Attack {
  const { as: label, ...own } = choice;
  const { name, definition, options } = resolveChoice<AttackDefinition>('attack', registry, own);
  definition.check?.(options);
  if (label !== undefined) requireLabel(label);
  return attackOf(label ?? name, definition, options);
}
