import { createAttack } from '../../attacks/create.ts';
import { lossOf } from '../../losses/create.ts';
import { attempt, taken, taskOf } from './attempts.ts';
import { type AttackCheck, compare, notApplicable } from './diagnostic.ts';
import { atLeastOneImage, points } from './figures.ts';

const TOLERANCE = 0.02;
const STEPS = 20;

/** A loss that does not saturate does more: the scale of the logits masks the gradient of the other. */
export const logitScale: AttackCheck = {
  name: 'logit-scale',
  number: 10,
  figure: 'what the loss margin takes beyond the loss that is attacked',
  needs: 'attacks',
  check(subject) {
    if (taskOf(subject) !== 'classification') {
      return notApplicable(
        'of maps and several labels, the mean margin is another aim and not a sharper one',
      );
    }
    const attack = createAttack({ name: 'pgd', steps: STEPS });
    const [own, margin] = [subject.loss, lossOf('margin')].map(
      (loss) => attempt(subject, attack, { loss, random: subject.random.stream('losses') }).scores,
    ) as [readonly number[], readonly number[]];
    const more = taken(own, margin);
    return compare(
      more,
      atLeastOneImage(TOLERANCE, own.length),
      () => `pgd takes ${points(more)} more by the loss margin than by the loss that is attacked.`,
    );
  },
};
