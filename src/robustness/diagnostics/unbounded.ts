import * as tf from '@tensorflow/tfjs';
import { createAttack } from '../../attacks/create.ts';
import { attempt } from './attempts.ts';
import { type AttackCheck, compare, type Subject } from './diagnostic.ts';
import { atLeastOneImage, mean, points } from './figures.ts';

const STEPS = 20;

/** The mean score of the best answer that is the same everywhere and for all images. */
function chance({ batches, classes, score }: Subject): number {
  const constants = Array.from({ length: classes }, (_, label) =>
    mean(
      batches.flatMap(({ labels }) =>
        tf.tidy(() => Array.from(score(tf.oneHot(tf.fill(labels.shape, label, 'int32'), classes), labels))),
      ),
    ),
  );
  return Math.max(...constants);
}

/** An adversary who may do anything must succeed. */
export const unboundedSurvives: AttackCheck = {
  name: 'unbounded-survives',
  number: 2,
  figure: 'what an attack without bounds leaves beyond chance',
  needs: 'attacks',
  check(subject) {
    // From the clean image: a start at random is noise, which fools most nets without any gradient.
    const attack = createAttack({ name: 'pgd', steps: STEPS, randomStart: false });
    const threat = { norm: 'linf', epsilon: 1 } as const;
    const { scores } = attempt(subject, attack, { threat, random: subject.random.stream('unbounded') });
    const beyond = mean(scores) - chance(subject);
    return compare(
      beyond,
      atLeastOneImage(0, scores.length),
      () => `an attack that may change every pixel at will leaves ${points(beyond)} more than chance.`,
    );
  },
};
