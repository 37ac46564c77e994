import type { AttackDefinition } from '../../attacks/attack.ts';
import * as registry from '../../attacks/registry.ts';
import { compare, type RecordCheck } from './diagnostic.ts';
import { mostAbove, points } from './figures.ts';

const definitions: Readonly<Record<string, AttackDefinition>> = registry;

/** What others need to tell what was measured, and to measure it again. */
export const incompleteRecord: RecordCheck = {
  name: 'incomplete-record',
  number: 16,
  figure: 'what the record lacks',
  needs: 'record',
  check({ curves, worst }, attacks) {
    const lacking: string[] = [];
    for (const curve of [...curves, worst]) {
      if (curve.points[0]?.epsilon !== 0) lacking.push(`${curve.attack} has no clean metric beside it`);
      const { epsilon, by } = mostAbove(worst, curve);
      if (by > 1e-6) {
        lacking.push(`the worst case is ${points(by)} above ${curve.attack} at epsilon ${epsilon}`);
      }
    }
    for (const attack of attacks) {
      const known = definitions[attack.name]?.defaults ?? {};
      for (const option of Object.keys(known)) {
        if (!Object.hasOwn(attack, option)) lacking.push(`${option} of ${attack.name} is not recorded`);
      }
    }
    return compare(lacking.length, 0, () => `${lacking.join('; ')}.`);
  },
};
