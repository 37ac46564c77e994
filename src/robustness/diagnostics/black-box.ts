// What asks for no gradient of the net must not do more harm than what follows it.

import type { Attack } from '../../attacks/attack.ts';
import { createAttack } from '../../attacks/create.ts';
import { transferred } from '../../attacks/transfer.ts';
import { attempt, taken, taskOf } from './attempts.ts';
import { type AttackCheck, compare, type Finding, notApplicable, type Subject } from './diagnostic.ts';
import { atLeastOneImage, points } from './figures.ts';

const QUERIES = 1000;
const DRAWS = 100;
/** AutoAttack's `check_square_sr` has the same. */
const TOLERANCE = 0.002;

/** What `attacks` take, one after the other, of what the attacks with gradients left. */
function beyondWhiteBox(
  subject: Subject,
  attacks: readonly Attack[],
  tolerance: number,
  who: string,
): Finding {
  let scores = subject.whiteBox;
  for (const [i, attack] of attacks.entries()) {
    const random = subject.random.stream(`${attack.name}-${i}`);
    ({ scores } = attempt(subject, attack, { random, before: scores }));
  }
  const more = taken(subject.whiteBox, scores);
  return compare(
    more,
    atLeastOneImage(tolerance, scores.length),
    () => `${who} takes ${points(more)} of what the attacks with gradients left.`,
  );
}

/** A search without gradients did more: gradients are masked. */
export const squareWins: AttackCheck = {
  name: 'square-wins',
  number: 6,
  figure: `what the square attack takes with ${QUERIES} queries beyond attacks with gradients`,
  needs: 'attacks',
  check(subject) {
    const { norm } = subject.threat;
    if (taskOf(subject) !== 'classification') return notApplicable('the square attack is for classification');
    if (norm !== 'linf' && norm !== 'l2') return notApplicable('the square attack is for linf and l2');
    const attack = createAttack({ name: 'square', queries: QUERIES });
    return beyondWhiteBox(subject, [attack], TOLERANCE, `the square attack with ${QUERIES} queries`);
  },
};

/** The best of many random directions did more than a gradient. */
export const manyNoisesWin: AttackCheck = {
  name: 'many-noises-win',
  number: 7,
  figure: `what ${DRAWS} draws of noise take beyond attacks with gradients`,
  needs: 'attacks',
  check(subject) {
    if (subject.threat.norm === 'l0') return notApplicable('the noise is not for l0');
    const draws = Array.from({ length: DRAWS }, () => createAttack({ name: 'gaussianNoise' }));
    return beyondWhiteBox(subject, draws, 0, `the worst of ${DRAWS} draws of noise of the same size`);
  },
};

/** Images made on another net did more: the gradients of this one are masked. */
export const transferWins: AttackCheck = {
  name: 'transfer-wins',
  number: 8,
  figure: 'what images made on another checkpoint take beyond attacks with gradients',
  needs: 'attacks',
  check(subject) {
    if (!subject.surrogate) return notApplicable('there is no other checkpoint');
    const attack = transferred(createAttack(subject.attack), subject.surrogate);
    return beyondWhiteBox(subject, [attack], 0, `${subject.attack.name}, made on another checkpoint,`);
  },
};
