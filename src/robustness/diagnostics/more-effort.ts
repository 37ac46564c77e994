// An attack that is good enough does not profit from more of the same.

import { type AttackChoice, createAttack } from '../../attacks/create.ts';
import { attempt, taken, taskOf } from './attempts.ts';
import { type AttackCheck, compare, notApplicable, type Subject } from './diagnostic.ts';
import { atLeastOneImage, mean, percent, points } from './figures.ts';

const TOLERANCE = 0.01;
const LOSS_TOLERANCE = 0.05;
const RESTARTS = 4;

function withOptions(attack: AttackChoice, options: object): AttackChoice {
  return { ...attack, ...options } as AttackChoice;
}

const stepsOf = (attack: AttackChoice) => (attack as { readonly steps: number }).steps;

/**
 * How much higher the loss is of the images that stand after both, in the mean over all images: in units of the loss,
 * and of 1 where it is less.
 */
function lossRise(scores: readonly number[], once: readonly number[], twice: readonly number[]): number {
  const standing = [...scores.keys()].filter((i) => (scores[i] as number) > 0);
  if (standing.length === 0) return 0;
  const [before, after] = [once, twice].map((losses) => mean(standing.map((i) => losses[i] as number))) as [
    number,
    number,
  ];
  const share = standing.length / scores.length;
  return (share * (after - before)) / Math.max(Math.abs(before), 1);
}

function doubled(subject: Subject) {
  const { attack, random } = subject;
  const steps = stepsOf(attack);
  // The same starts, so that the longer run goes on where the shorter one ended.
  const [once, twice] = [steps, 2 * steps].map((count) =>
    attempt(subject, createAttack(withOptions(attack, { steps: count })), { random: random.stream('steps') }),
  ) as [ReturnType<typeof attempt>, ReturnType<typeof attempt>];
  return { steps, once, twice };
}

/** Twice the steps do more harm: the attack was stopped on its way. */
export const notConverged: AttackCheck = {
  name: 'not-converged',
  number: 4,
  figure: 'what twice the steps take beyond the attack',
  needs: 'attacks',
  check(subject) {
    const { steps, once, twice } = doubled(subject);
    const { name } = subject.attack;
    const more = taken(once.scores, twice.scores);
    const found = compare(
      more,
      atLeastOneImage(TOLERANCE, once.scores.length),
      () => `${name} takes ${points(more)} more with ${2 * steps} steps than with ${steps}.`,
    );
    // In segmentation the image returned is that of the lowest score, whatever its loss.
    if (found.verdict === 'raised' || taskOf(subject) !== 'classification') return found;
    const rise = lossRise(twice.scores, once.losses, twice.losses);
    const byLoss = compare(
      rise,
      LOSS_TOLERANCE,
      () =>
        `${name} raises the loss of what it cannot fool by ${percent(rise)} with ${2 * steps} steps, not ${steps}.`,
    );
    return byLoss.verdict === 'raised' ? byLoss : found;
  },
};

/** Other starts do more harm: the result is luck. */
export const restartsHelp: AttackCheck = {
  name: 'restarts-help',
  number: 5,
  figure: `what ${RESTARTS} further random starts take beyond the attack`,
  needs: 'attacks',
  check(subject) {
    const { attack, random } = subject;
    if (!('randomStart' in attack)) return notApplicable(`${attack.name} has no random start`);
    const started = createAttack(withOptions(attack, { randomStart: true }));
    const first = attempt(subject, started, { random: random.stream('start-0') }).scores;
    let scores = first;
    for (let i = 1; i <= RESTARTS; i++) {
      ({ scores } = attempt(subject, started, { random: random.stream(`start-${i}`), before: scores }));
    }
    const more = taken(first, scores);
    return compare(
      more,
      atLeastOneImage(TOLERANCE, scores.length),
      () => `${RESTARTS} further random starts of ${attack.name} take ${points(more)} more.`,
    );
  },
};
