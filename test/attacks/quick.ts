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
];

/** Every attack that is for this norm and task. */
export function quickAttacks(norm: NormName, task: Task): Attack[] {
  return (Object.keys(registry) as AttackChoice['name'][])
    .map((name) => createAttack(fewer.find((choice) => choice.name === name) ?? { name }))
    .filter((attack) => (attack.norms ?? ['linf', 'l2', 'l1']).includes(norm))
    .filter((attack) => (attack.task ?? task) === task);
}
