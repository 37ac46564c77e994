// The registered attacks with fewer steps, for tests of what holds whatever their number.

import type { Attack, Task } from '../../src/attacks/attack.ts';
import { type AttackChoice, createAttack } from '../../src/attacks/create.ts';
import * as registry from '../../src/attacks/registry.ts';
import type { NormName } from '../../src/attacks/threat.ts';

const fewer: readonly AttackChoice[] = [
  { name: 'asma', steps: 20 },
  { name: 'dag', steps: 10 },
  { name: 'sea', steps: 10 },
  { name: 'segBisection', rounds: 2, steps: 4 },
  { name: 'apgd', steps: 8 },
  { name: 'autoAttack', steps: 4, targets: 2, queries: 10 },
  { name: 'carliniWagner', searches: 3, steps: 20 },
  { name: 'fab', steps: 8 },
  { name: 'jsma', gamma: 0.02, targets: 2 },
  { name: 'square', queries: 40 },
  { name: 'universal', steps: 5 },
];

/** Every attack that is for this norm and task. */
export function quickAttacks(norm: NormName, task: Task): Attack[] {
  return (Object.keys(registry) as AttackChoice['name'][])
    .map((name) => createAttack(fewer.find((choice) => choice.name === name) ?? { name }))
    .filter((attack) => (attack.norms ?? ['linf', 'l2', 'l1']).includes(norm))
    .filter((attack) => (attack.task ?? task) === task);
}
